/*
 * Prints the layout of a FreeRADIUS for rlm_pppoe_guard/layout_*.h, from that version's complete headers (not from the
 * stand-ins beside this file). In its unpacked and configured source:
 *
 *	mkdir -p /tmp/headers/freeradius
 *	for h in src/include/*.h; do sed 's#freeradius-devel/#freeradius/#' $h >/tmp/headers/freeradius/$(basename $h); done
 *	cc -w -std=gnu11 -DNDEBUG -D_GNU_SOURCE -I/tmp/headers -I.../rlm_pppoe_guard .../print_layout.c -o print && ./print
 */
#include <freeradius/build.h>
#include <freeradius/radiusd.h>
#include <freeradius/modules.h>

#include <stddef.h>
#include <stdio.h>

#include "layout_3_2_1.h"

#define PRINT_OFFSET(_type, _member, _number) printf("\tOFFSET(" #_type ", " #_member ", %zu) \\\n", offsetof(_type, _member));
#define PRINT_SIZE(_type, _number) printf("\tSIZE(" #_type ", %zu) \\\n", sizeof(_type));
#define PRINT_NUMBER(_name, _number) printf("\tNUMBER(" #_name ", %d) \\\n", (int) (_name));

int main(void)
{
	printf("RADIUSD_VERSION %06o\n", RADIUSD_VERSION);
	GUARD_LAYOUT(PRINT_OFFSET, PRINT_SIZE, PRINT_NUMBER)
	return 0;
}
