/**
 * @file rlm_pppoe_guard.c
 * @brief Tells the analyzer of logins, and refuses those whose ID is suspended or whose source address is blocked.
 *
 * Nothing in here ever fails a request: whatever goes wrong, the login is handled as if the module were not there.
 */
#include "rlm_pppoe_guard.h"

#define MAX_VALUE	1024	/* of an expansion; an ID has at most 253 bytes, longer ones are not usable */
#define MAX_STRING	253	/* of an attribute (RFC 2865 section 5) */
#define VERDICT_ATTR	"PPPoE-Guard-Verdict"

static void warn(char const *name, char const *text)
{
	WARN("rlm_pppoe_guard (%s): %s", name, text);
}

/** %{pppoe_guard:appended} and the like; see guard_core_figure()
 *
 * An unknown figure is empty, not an error: an expansion that fails may fail the request around it.
 */
static ssize_t figure_xlat(void *instance, REQUEST *request, char const *fmt, char *out, size_t outlen)
{
	rlm_pppoe_guard_t	*inst = instance;
	int			length = -1;

	if (inst->core) length = guard_core_figure(inst->core, fmt, out, outlen);
	if (length >= 0) return length;

	RWDEBUG("rlm_pppoe_guard (%s): there is no figure \"%s\"", inst->name, fmt);
	*out = '\0';
	return 0;
}

static int mod_bootstrap(CONF_SECTION *conf, void *instance)
{
	rlm_pppoe_guard_t	*inst = instance;
	ATTR_FLAGS		flags;

	inst->name = cf_section_name2(conf);
	if (!inst->name) inst->name = cf_section_name1(conf);

	/*
	 *	Here and not in instantiate, because the virtual servers may refer to both.
	 */
	memset(&flags, 0, sizeof(flags));
	if (dict_addattr(VERDICT_ATTR, -1, 0, PW_TYPE_STRING, flags) < 0) {
		cf_log_err_cs(conf, "Cannot define the attribute " VERDICT_ATTR ": %s", fr_strerror());
		return -1;
	}
	if (xlat_register(inst->name, figure_xlat, NULL, inst) < 0) {
		cf_log_err_cs(conf, "Cannot register the expansion %%{%s:...}", inst->name);
		return -1;
	}
	return 0;
}

static int mod_instantiate(CONF_SECTION *conf, void *instance)
{
	rlm_pppoe_guard_t	*inst = instance;
	guard_options_t		options;

	memset(&options, 0, sizeof(options));
	if (guard_config_check(conf, inst, &options) < 0) return -1;

	inst->verdict = dict_attrbyname(VERDICT_ATTR);
	if (!inst->verdict || (inst->verdict->type != PW_TYPE_STRING)) {
		cf_log_err_cs(conf, "The attribute " VERDICT_ATTR " is defined in a dictionary, but not as a string");
		return -1;
	}
	guard_config_inspect(conf, inst, &options);
	if (check_config) return 0;

	options.warn = warn;
	options.name = inst->name;
	inst->core = guard_core_open(&options);
	if (!inst->core) {
		cf_log_err_cs(conf, "Out of memory");
		return -1;
	}
	guard_core_start(inst->core);
	return 0;
}

static int mod_detach(void *instance)
{
	rlm_pppoe_guard_t *inst = instance;

	guard_core_close(inst->core);
	inst->core = NULL;
	return 0;
}

/** The largest part of the text that fits into an attribute without cutting a UTF-8 character */
static size_t attribute_length(char const *text)
{
	size_t length = strlen(text);

	if (length <= MAX_STRING) return length;
	length = MAX_STRING;
	while (length && (((unsigned char) text[length] & 0xc0) == 0x80)) length--;
	return length;
}

static void set_reply_message(rlm_pppoe_guard_t *inst, REQUEST *request)
{
	VALUE_PAIR	*vp;
	char		*text = NULL;

	if (!inst->message || !*inst->message) return;
	if ((radius_axlat(&text, request, inst->message, NULL, NULL) <= 0) || !text) {
		talloc_free(text);
		return;
	}
	vp = fr_pair_afrom_num(request->reply, PW_REPLY_MESSAGE, 0);
	if (vp) {
		fr_pair_value_bstrncpy(vp, text, attribute_length(text));
		fr_pair_delete_by_num(&request->reply->vps, PW_REPLY_MESSAGE, 0, TAG_ANY);
		fr_pair_add(&request->reply->vps, vp);
	}
	talloc_free(text);
}

static void set_verdict(rlm_pppoe_guard_t *inst, REQUEST *request, char const *verdict)
{
	VALUE_PAIR *vp = fr_pair_afrom_da(request, inst->verdict);

	if (!vp) return;
	fr_pair_value_strcpy(vp, verdict);
	fr_pair_delete_by_da(&request->config, inst->verdict);
	fr_pair_add(&request->config, vp);
}

/** Refuses or marks a login whose ID is suspended or whose source address is blocked; noop for all others */
static rlm_rcode_t CC_HINT(nonnull) mod_authorize(void *instance, REQUEST *request)
{
	rlm_pppoe_guard_t	*inst = instance;
	char			id_buffer[MAX_VALUE], client_buffer[MAX_VALUE];
	guard_text_t		id, client = { NULL, 0 };
	guard_verdict_t		verdict;
	bool			suspended;

	if (!inst->core) return RLM_MODULE_NOOP;

	/*
	 *	Without an ID the address may still be blocked, and the other way round.
	 */
	guard_expand(&id, id_buffer, sizeof(id_buffer), request, inst->id);
	if (inst->address) guard_expand(&client, client_buffer, sizeof(client_buffer), request, inst->address);

	verdict = guard_core_check(inst->core, id, client);
	if (verdict == GUARD_VERDICT_PASS) return RLM_MODULE_NOOP;

	suspended = (verdict == GUARD_VERDICT_SUSPENDED);
	set_verdict(inst, request, suspended ? "suspended" : "blocked");
	if (inst->mark) return RLM_MODULE_UPDATED;

	set_reply_message(inst, request);
	/*
	 *	The server puts the name of the instance in front. The ID it logs itself, if it is told to.
	 */
	module_failure_msg(request, "%s",
			   suspended ? "authentication is suspended" : "authentication from this address is blocked");
	return RLM_MODULE_USERLOCK;
}

/** Fills in ID and client address, and appends
 *
 * @return whether there is a new event now.
 */
static bool record(rlm_pppoe_guard_t *inst, REQUEST *request, guard_message_t *message)
{
	char id_buffer[MAX_VALUE], client_buffer[MAX_VALUE];

	guard_expand(&message->id, id_buffer, sizeof(id_buffer), request, inst->id);
	if (inst->address) {
		guard_expand(&message->client, client_buffer, sizeof(client_buffer), request, inst->address);
	}
	return guard_core_record(inst->core, message);
}

/** One event for an accept or a reject. Anything but ok and noop would turn an accept into a reject. */
static rlm_rcode_t CC_HINT(nonnull) mod_post_auth(void *instance, REQUEST *request)
{
	rlm_pppoe_guard_t	*inst = instance;
	guard_message_t		message;

	if (!inst->core || !request->reply) return RLM_MODULE_NOOP;

	memset(&message, 0, sizeof(message));
	guard_read_packet(&message, request);
	switch (request->reply->code) {
	case PW_CODE_ACCESS_ACCEPT:
		message.kind = GUARD_KIND_ACCEPT;
		/*
		 *	An SMTP login has no address but the client's.
		 */
		if (!inst->address) guard_read_addresses(&message, request->reply->vps);
		break;

	/*
	 *	The reply list of a reject may still have the address that the accept would have assigned: nobody holds it.
	 */
	case PW_CODE_ACCESS_REJECT:
		message.kind = GUARD_KIND_REJECT;
		break;

	default:
		return RLM_MODULE_NOOP;
	}
	return record(inst, request, &message) ? RLM_MODULE_OK : RLM_MODULE_NOOP;
}

/** One event for a step of a session
 *
 * Always ok: with noop alone the server would send no Accounting-Response.
 */
static rlm_rcode_t CC_HINT(nonnull) mod_accounting(void *instance, REQUEST *request)
{
	rlm_pppoe_guard_t	*inst = instance;
	guard_message_t		message;
	VALUE_PAIR		*vp;

	vp = fr_pair_find_by_num(request->packet->vps, PW_ACCT_STATUS_TYPE, 0, TAG_ANY);
	if (!inst->core || inst->address || !vp || (vp->da->type != PW_TYPE_INTEGER)) return RLM_MODULE_OK;

	memset(&message, 0, sizeof(message));
	switch (vp->vp_integer) {
	case PW_STATUS_START:
		message.kind = GUARD_KIND_ASSIGN;
		break;

	case PW_STATUS_ALIVE:
		message.kind = GUARD_KIND_ALIVE;
		break;

	case PW_STATUS_STOP:
		message.kind = GUARD_KIND_RELEASE;
		break;

	/*
	 *	Accounting-On and -Off are about a NAS, not about an ID.
	 */
	default:
		return RLM_MODULE_OK;
	}
	guard_read_packet(&message, request);
	guard_read_accounting(&message, request);
	guard_read_addresses(&message, request->packet->vps);
	record(inst, request, &message);
	return RLM_MODULE_OK;
}

/*
 *	Not HUP_SAFE: the server would leave id a literal in the instance that it makes on HUP, and let everybody in. The
 *	table is read again by itself whenever a new one is published.
 */
extern module_t rlm_pppoe_guard __attribute__((visibility("default")));
module_t rlm_pppoe_guard = {
	.magic		= RLM_MODULE_INIT,
	.name		= "pppoe_guard",
	.type		= RLM_TYPE_THREAD_SAFE,
	.inst_size	= sizeof(rlm_pppoe_guard_t),
	.config		= guard_module_config,
	.bootstrap	= mod_bootstrap,
	.instantiate	= mod_instantiate,
	.detach		= mod_detach,
	.methods = {
		[MOD_AUTHORIZE]		= mod_authorize,
		[MOD_ACCOUNTING]	= mod_accounting,
		[MOD_POST_AUTH]		= mod_post_auth,
	},
};
