// The entry of every test program.
#define BOOST_TEST_DYN_LINK
#define BOOST_TEST_MODULE pppoe_guard
#include <boost/test/unit_test.hpp>
