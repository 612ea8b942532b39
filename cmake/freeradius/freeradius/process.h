/*
 * Stand-in for the header that libfreeradius-dev 3.2.1 does not ship: types that REQUEST contains. The two enums take four
 * bytes each, which is all that matters here; rlm_pppoe_guard/layout.h asserts what follows from it.
 */
#ifndef GUARD_COMPAT_PROCESS_H
#define GUARD_COMPAT_PROCESS_H
typedef enum RAD_LISTEN_TYPE { RAD_LISTEN_NONE = 0, RAD_LISTEN_MAX = 9 } RAD_LISTEN_TYPE;
typedef struct rad_listen rad_listen_t;
typedef enum fr_state_action_t { FR_ACTION_INVALID = 0, FR_ACTION_LAST = 11 } fr_state_action_t;
typedef int (*RAD_REQUEST_FUNP)(REQUEST *);
typedef void (*fr_request_process_t)(REQUEST *, int);
#endif
