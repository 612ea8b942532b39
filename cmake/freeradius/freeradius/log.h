/*
 * Stand-in for the header that libfreeradius-dev 3.2.1 does not ship: the numbers of the log types and levels, where the
 * log goes, and the two functions of the server that write a line.
 */
#ifndef GUARD_COMPAT_LOG_H
#define GUARD_COMPAT_LOG_H
#include <stdarg.h>
typedef enum log_type {
	L_AUTH = 2,
	L_INFO = 3,
	L_ERR = 4,
	L_WARN = 5,
	L_PROXY = 6,
	L_ACCT = 7,
	L_DBG = 16,
	L_DBG_WARN = 17,
	L_DBG_ERR = 18,
	L_DBG_WARN_REQ = 19,
	L_DBG_ERR_REQ = 20
} log_type_t;
typedef enum log_lvl {
	L_DBG_LVL_DISABLE = -1,
	L_DBG_LVL_OFF = 0,
	L_DBG_LVL_1 = 1,
	L_DBG_LVL_2 = 2,
	L_DBG_LVL_3 = 3,
	L_DBG_LVL_MAX = 4
} log_lvl_t;
typedef enum log_dst {
	L_DST_STDOUT = 0,
	L_DST_FILES = 1,
	L_DST_SYSLOG = 2,
	L_DST_STDERR = 3,
	L_DST_NULL = 4
} log_dst_t;
/* Only the first members: never allocate or copy one. */
typedef struct fr_log_t {
	bool		colourise;
	int		fd;
	log_dst_t	dst;
} fr_log_t;
extern fr_log_t default_log;
typedef void (*radlog_func_t)(log_type_t, log_lvl_t, REQUEST *, char const *, va_list);
int radlog(log_type_t, char const *, ...) __attribute__((format(printf, 2, 3)));
void radlog_request(log_type_t, log_lvl_t, REQUEST *, char const *, ...) __attribute__((format(printf, 4, 5)));
#define WARN(...) radlog(L_WARN, __VA_ARGS__)
#define ERROR(...) radlog(L_ERR, __VA_ARGS__)
#define RDEBUG2(...) \
	do { \
		if (rad_debug_lvl || request->log.lvl) radlog_request(L_DBG, L_DBG_LVL_2, request, __VA_ARGS__); \
	} while (0)
#define RWDEBUG(...) \
	do { \
		if (rad_debug_lvl || request->log.lvl) radlog_request(L_DBG_WARN, L_DBG_LVL_1, request, __VA_ARGS__); \
	} while (0)
#endif
