/*
 * Stand-in for the header that libfreeradius-dev 3.2.1 does not ship.
 */
#ifndef GUARD_COMPAT_XLAT_H
#define GUARD_COMPAT_XLAT_H
typedef struct xlat_exp xlat_exp_t;
typedef size_t (*xlat_escape_t)(REQUEST *, char *, size_t, char const *, void *);
typedef ssize_t (*xlat_func_t)(void *, REQUEST *, char const *, char *, size_t);
ssize_t radius_axlat(char **, REQUEST *, char const *, xlat_escape_t, void *);
int xlat_register(char const *, xlat_func_t, xlat_escape_t, void *);
#endif
