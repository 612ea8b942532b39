// A look at the metadata of a MaxMind DB before libmaxminddb opens it: what makes that library crash or take memory
// without end. Private to max_mind_database.cpp.
#pragma once

#include <string>

#include "event/descriptor.hpp"

namespace guard::geo {

// What is wrong with the file; empty when nothing is, or when MMDB_open() itself will say it.
[[nodiscard]] std::string metadata_fault(const Descriptor& file);

}  // namespace guard::geo
