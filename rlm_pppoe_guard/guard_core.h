/*
 * The border between the FreeRADIUS side of the module (C) and its C++ core. Plain C in both directions: nothing of
 * FreeRADIUS in here, and no exception ever crosses. All functions but open and close may be called from any thread of
 * radiusd at the same time. A fault inside never refuses a login: the functions then answer as if they had not been asked.
 */
#ifndef GUARD_CORE_H
#define GUARD_CORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct guard_core guard_core_t;

typedef enum guard_service {
	GUARD_SERVICE_PPPOE = 1,
	GUARD_SERVICE_SMTP_AUTH = 2
} guard_service_t;

typedef enum guard_kind {
	GUARD_KIND_ACCEPT = 1,	/* Access-Accept */
	GUARD_KIND_REJECT = 2,	/* Access-Reject */
	GUARD_KIND_ASSIGN = 3,	/* Accounting-Request, Start */
	GUARD_KIND_ALIVE = 4,	/* Accounting-Request, Interim-Update */
	GUARD_KIND_RELEASE = 5	/* Accounting-Request, Stop */
} guard_kind_t;

typedef enum guard_verdict {
	GUARD_VERDICT_PASS = 0,
	GUARD_VERDICT_SUSPENDED,	/* the ID's authentication is suspended (R1, R2) */
	GUARD_VERDICT_BLOCKED		/* SMTP authentication from the client's address is blocked (R3) */
} guard_verdict_t;

typedef struct guard_options {
	guard_service_t	service;
	bool		keep_case;		/* IDs that differ in case are different IDs */
	bool		strip_realm;
	char const	*table;			/* path of the enforcement table */
	char const	*spool_directory;
	uint64_t	segment_bytes;
	uint64_t	quota_bytes;
	uint32_t	retention;		/* seconds */
	uint32_t	max_skew;		/* seconds */
	/* Called with one line of text, from any thread, at most once a minute for the same trouble. */
	void		(*warn)(char const *name, char const *text);
	char const	*name;			/* of the module instance, handed to warn() */
} guard_options_t;

/* Bytes that belong to the caller and are not kept. */
typedef struct guard_text {
	char const	*data;
	size_t		length;
} guard_text_t;

typedef struct guard_address {
	uint8_t		bytes[16];		/* network order; 4 or 16 of them */
	uint8_t		width;			/* 32 or 128 */
	uint8_t		prefix_length;
} guard_address_t;

#define GUARD_MAX_ADDRESSES	4		/* Framed-IP-Address, Framed-IPv6-Address and the two prefixes */
#define GUARD_AUTHENTICATOR_LEN	16

typedef struct guard_message {
	guard_kind_t	kind;
	guard_text_t	id;			/* as the configuration gives it, before normalisation */
	guard_text_t	client;			/* SMTP-AUTH: text of the client's address */
	guard_address_t	addresses[GUARD_MAX_ADDRESSES];	/* PPPoE: of the session */
	size_t		address_count;
	bool		unusable;		/* an address attribute was there, but not readable */

	int64_t		received;		/* microseconds since 1970 */
	bool		has_timestamp;
	uint32_t	timestamp;		/* Event-Timestamp, seconds since 1970 */
	uint32_t	delay;			/* Acct-Delay-Time, seconds */

	/* Only to recognise the same message when it comes again; hashed with a key of this process and never written. */
	guard_address_t	nas;
	uint16_t	nas_port;
	uint8_t		packet_id;
	uint8_t		authenticator[GUARD_AUTHENTICATOR_LEN];
	guard_text_t	session;		/* Acct-Session-Id; empty for authentication */
} guard_message_t;

/* The items of the configuration that are paths. */
typedef enum guard_path {
	GUARD_PATH_SPOOL,
	GUARD_PATH_TABLE
} guard_path_t;

/*
 * Looks at one path as the user that the process runs as (its effective IDs), and calls report() with one line of text for
 * each thing that is wrong with it now. Reads, but takes no lock and creates nothing; may be called without a core. That
 * there is no table yet is not wrong: the analyzer publishes the first one.
 */
void		guard_inspect_path(guard_options_t const *options, guard_path_t path,
				   void (*report)(void *context, guard_path_t path, char const *text), void *context);

/* Touches no file. NULL only when memory or the kernel's random numbers are exhausted. */
guard_core_t	*guard_core_open(guard_options_t const *options);

/*
 * Reads the table; when that fails it is warned of and tried again with later requests. The first segment of the spool is
 * made by the first message: a server that is started again and again, because another part of it fails, leaves none behind.
 */
void		guard_core_start(guard_core_t *core);

/* Whether this login is refused now. `client` is only looked at for SMTP-AUTH. */
guard_verdict_t	guard_core_check(guard_core_t *core, guard_text_t id, guard_text_t client);

/* Appends one event; false when there is none to append (unusable, repeated) or it was dropped. All are counted. */
bool		guard_core_record(guard_core_t *core, guard_message_t const *message);

/*
 * Writes the named figure as text with a terminating zero: appended, dropped, unusable, clamped, duplicates (events since
 * start), suspended, blocked (logins refused since start), faults (requests let through because of an error in here),
 * generation (number of the table in use), table (good, stale or absent). Returns its length; -1: there is no such figure,
 * or `size` is too small.
 */
int		guard_core_figure(guard_core_t *core, char const *figure, char *out, size_t size);

void		guard_core_close(guard_core_t *core);

#ifdef __cplusplus
}
#endif
#endif
