/*
 * Stand-in for the header that libfreeradius-dev 3.2.1 does not ship: only the first members of vp_tmpl_t are known here, so
 * never allocate or copy one.
 */
#ifndef GUARD_COMPAT_TMPL_H
#define GUARD_COMPAT_TMPL_H
/* Known to rlm_pppoe_guard/layout.h: without the server's own headers, its layout must be known by numbers. */
#define GUARD_STAND_INS
#include <freeradius/xlat.h>
typedef enum pair_lists { PAIR_LIST_UNKNOWN = 0, PAIR_LIST_REQUEST, PAIR_LIST_REPLY, PAIR_LIST_CONTROL } pair_lists_t;
typedef enum requests { REQUEST_UNKNOWN = 0, REQUEST_OUTER, REQUEST_CURRENT, REQUEST_PARENT } request_refs_t;
typedef struct pair_list PAIR_LIST;
typedef enum tmpl_type {
	TMPL_TYPE_UNKNOWN = 0,
	TMPL_TYPE_LITERAL = 1,
	TMPL_TYPE_XLAT = 2,
	TMPL_TYPE_ATTR = 3
} tmpl_type_t;
typedef struct vp_tmpl_t {
	tmpl_type_t	type;
	char const	*name;
	size_t		len;
} vp_tmpl_t;
ssize_t tmpl_afrom_str(TALLOC_CTX *, vp_tmpl_t **, char const *, size_t, FR_TOKEN, request_refs_t, pair_lists_t, bool);
ssize_t tmpl_expand(char const **, char *, size_t, REQUEST *, vp_tmpl_t const *, xlat_escape_t, void *);
#endif
