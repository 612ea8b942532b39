/*
 * What the C files of the module share: the instance, its configuration, and the reading of packets.
 */
#ifndef RLM_PPPOE_GUARD_H
#define RLM_PPPOE_GUARD_H

/* First, because radiusd.h uses RCSIDH() before it includes its definition. */
#include <freeradius/build.h>

#include <freeradius/radiusd.h>
#include <freeradius/modules.h>

#include "guard_core.h"
#include "layout.h"

/*
 *	The members up to the blank line are read by CONF_PARSER, what follows is made of them in instantiate; nothing
 *	changes afterwards.
 */
typedef struct rlm_pppoe_guard_t {
	char const	*service;
	char const	*letter_case;
	char const	*realm;
	char const	*action;
	char const	*table;
	char const	*message;
	char const	*max_skew;
	vp_tmpl_t	*id;
	vp_tmpl_t	*address;		//!< of the client; NULL for PPPoE
	char const	*spool_directory;
	char const	*spool_segment_size;
	char const	*spool_quota;
	char const	*spool_retention;

	char const	*name;			//!< of the instance
	bool		mark;			//!< action = mark
	DICT_ATTR const	*verdict;		//!< PPPoE-Guard-Verdict, in the control list
	guard_core_t	*core;			//!< NULL while the configuration is only checked
} rlm_pppoe_guard_t;

extern CONF_PARSER const guard_module_config[];

/** Checks every item and resolves id and address
 *
 * Reports all mistakes, not only the first, each with file and line. Touches no file.
 *
 * @return 0 and *options filled, or -1.
 */
int	guard_config_check(CONF_SECTION *conf, rlm_pppoe_guard_t *inst, guard_options_t *options);

/** Warns of a spool directory and, while the configuration is only checked, of a table that the server could not use now
 *
 * Faults of the environment: they never keep the server from starting.
 *
 * @param options that guard_config_check() has filled.
 */
void	guard_config_inspect(CONF_SECTION *conf, rlm_pppoe_guard_t const *inst, guard_options_t const *options);

/** What a configured reference or expansion yields for this request
 *
 * @param buffer that *out may point into.
 * @return false if there is none: the attribute is absent, or the expansion failed.
 */
bool	guard_expand(guard_text_t *out, char *buffer, size_t size, REQUEST *request, vp_tmpl_t const *vpt);

/** Fills in what the packet itself says: time, and where it comes from */
void	guard_read_packet(guard_message_t *message, REQUEST *request);

/** Fills in Acct-Session-Id, Event-Timestamp and Acct-Delay-Time of an Accounting-Request */
void	guard_read_accounting(guard_message_t *message, REQUEST *request);

/** Fills in the addresses of a session from the list that has them */
void	guard_read_addresses(guard_message_t *message, VALUE_PAIR *vps);

#endif
