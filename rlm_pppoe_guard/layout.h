/*
 * Holds the headers that the module is compiled with to the layout of the server that will load it: a member read from the
 * wrong place would be somebody else's ID. The numbers are those of Debian's FreeRADIUS 3.2.1, computed from its complete
 * source with its flags; cmake/freeradius/print_layout.c prints those of another version.
 */
#ifndef RLM_PPPOE_GUARD_LAYOUT_H
#define RLM_PPPOE_GUARD_LAYOUT_H

#include <stddef.h>

#if RADIUSD_VERSION == 030201
#  include "layout_3_2_1.h"
#elif defined(GUARD_STAND_INS)
#  error "The layout of this FreeRADIUS is not known: see \"Building for another FreeRADIUS\" in rlm_pppoe_guard/README.md"
#endif

#ifdef GUARD_LAYOUT
#  define GUARD_OFFSET(_type, _member, _number) \
	_Static_assert(offsetof(_type, _member) == (_number), #_type " has " #_member " in another place than the server");
#  define GUARD_SIZE(_type, _number) \
	_Static_assert(sizeof(_type) == (_number), #_type " has another size than in the server");
#  define GUARD_NUMBER(_name, _number) \
	_Static_assert((_name) == (_number), #_name " has another value than in the server");
GUARD_LAYOUT(GUARD_OFFSET, GUARD_SIZE, GUARD_NUMBER)
#  undef GUARD_OFFSET
#  undef GUARD_SIZE
#  undef GUARD_NUMBER
#endif

#endif
