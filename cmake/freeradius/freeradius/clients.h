/*
 * Stand-in for the header that libfreeradius-dev 3.2.1 does not ship: RADCLIENT stays opaque.
 */
#ifndef GUARD_COMPAT_CLIENTS_H
#define GUARD_COMPAT_CLIENTS_H
typedef struct radclient RADCLIENT;
typedef struct radclient_list RADCLIENT_LIST;
#endif
