/*
 * The items of the module's section: their defaults, their ranges, and what is wrong with them. mods-available/pppoe_guard
 * is their manual.
 */
#include "rlm_pppoe_guard.h"

#include <ctype.h>
#include <inttypes.h>

static CONF_PARSER const spool_config[] = {
	{ "directory", FR_CONF_OFFSET(PW_TYPE_STRING | PW_TYPE_REQUIRED, rlm_pppoe_guard_t, spool_directory), NULL },
	{ "segment_size", FR_CONF_OFFSET(PW_TYPE_STRING, rlm_pppoe_guard_t, spool_segment_size), "16M" },
	{ "quota", FR_CONF_OFFSET(PW_TYPE_STRING, rlm_pppoe_guard_t, spool_quota), "8G" },
	{ "retention", FR_CONF_OFFSET(PW_TYPE_STRING, rlm_pppoe_guard_t, spool_retention), "48h" },
	CONF_PARSER_TERMINATOR
};

/*
 *	No default for id and address: the server leaves a default of this type a literal, which would match nobody and so
 *	let everybody in. resolve() makes the defaults. With PW_TYPE_XLAT the server checks the expansions when it starts,
 *	and not only when it uses them.
 */
CONF_PARSER const guard_module_config[] = {
	{ "service", FR_CONF_OFFSET(PW_TYPE_STRING, rlm_pppoe_guard_t, service), "pppoe" },
	{ "id", FR_CONF_OFFSET(PW_TYPE_STRING | PW_TYPE_TMPL | PW_TYPE_XLAT, rlm_pppoe_guard_t, id), NULL },
	{ "address", FR_CONF_OFFSET(PW_TYPE_STRING | PW_TYPE_TMPL | PW_TYPE_XLAT, rlm_pppoe_guard_t, address), NULL },
	{ "case", FR_CONF_OFFSET(PW_TYPE_STRING, rlm_pppoe_guard_t, letter_case), "lower" },
	{ "realm", FR_CONF_OFFSET(PW_TYPE_STRING, rlm_pppoe_guard_t, realm), "keep" },
	{ "table", FR_CONF_OFFSET(PW_TYPE_STRING | PW_TYPE_REQUIRED, rlm_pppoe_guard_t, table), NULL },
	{ "action", FR_CONF_OFFSET(PW_TYPE_STRING, rlm_pppoe_guard_t, action), "userlock" },
	{ "message", FR_CONF_OFFSET(PW_TYPE_STRING | PW_TYPE_XLAT, rlm_pppoe_guard_t, message), "" },
	{ "max_skew", FR_CONF_OFFSET(PW_TYPE_STRING, rlm_pppoe_guard_t, max_skew), "300" },
	{ "spool", FR_CONF_POINTER(PW_TYPE_SUBSECTION, NULL), (void const *) spool_config },
	CONF_PARSER_TERMINATOR
};

typedef struct unit {
	char		letter;
	uint64_t	factor;
} unit_t;

static unit_t const bytes[] = { { 'K', 1 << 10 }, { 'M', 1 << 20 }, { 'G', 1 << 30 }, { '\0', 0 } };
static unit_t const seconds[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 }, { '\0', 0 } };

static FR_NAME_NUMBER const services[] = {
	{ "pppoe", GUARD_SERVICE_PPPOE }, { "smtp-auth", GUARD_SERVICE_SMTP_AUTH }, { NULL, -1 }
};
static FR_NAME_NUMBER const cases[] = { { "lower", 0 }, { "keep", 1 }, { NULL, -1 } };
static FR_NAME_NUMBER const realms[] = { { "keep", 0 }, { "strip", 1 }, { NULL, -1 } };
static FR_NAME_NUMBER const actions[] = { { "userlock", 0 }, { "mark", 1 }, { NULL, -1 } };

/** The item's place in the file, or that of its section when the default is meant */
static CONF_ITEM const *item_at(CONF_SECTION *cs, char const *item)
{
	CONF_PAIR *cp = cf_pair_find(cs, item);

	return cp ? cf_pair_to_item(cp) : cf_section_to_item(cs);
}

/** All words an item may take, or all items a section may have, in one string */
static void list_words(char *out, size_t size, FR_NAME_NUMBER const *words)
{
	size_t used = 0;

	out[0] = '\0';
	for (; words->name && (used < size); words++) {
		used += (size_t) snprintf(out + used, size - used, "%s\"%s\"", used ? ", " : "", words->name);
	}
}

static void list_items(char *out, size_t size, CONF_PARSER const *items)
{
	size_t used = 0;

	out[0] = '\0';
	for (; items->name && (used < size); items++) {
		used += (size_t) snprintf(out + used, size - used, "%s%s", used ? ", " : "", items->name);
	}
}

/** One of the words, or -1 with the reason logged */
static int word(CONF_SECTION *cs, char const *item, char const *value, FR_NAME_NUMBER const *words)
{
	char	known[128];
	int	number = fr_str2int(words, value, -1);

	if (number < 0) {
		list_words(known, sizeof(known), words);
		cf_log_err(item_at(cs, item), "Invalid value \"%s\" for item '%s': expected one of %s", value, item, known);
	}
	return number;
}

/** A whole number with an optional unit; false if it is anything else, or out of 64 bits
 *
 * The server's own parser of integers takes "12abc" for 12 and "abc" for 0.
 */
static bool parse_amount(uint64_t *out, char const *value, unit_t const *units)
{
	uint64_t	number = 0;
	char const	*p = value;

	if (!isdigit((unsigned char) *p)) return false;
	for (; isdigit((unsigned char) *p); p++) {
		if (__builtin_mul_overflow(number, 10, &number)) return false;
		if (__builtin_add_overflow(number, (uint64_t) (*p - '0'), &number)) return false;
	}
	if (*p) {
		while (units->letter && (units->letter != *p)) units++;
		if (!units->letter || p[1]) return false;
		if (__builtin_mul_overflow(number, units->factor, &number)) return false;
	}
	*out = number;
	return true;
}

/** An amount within its range; false with the reason logged */
static bool amount(uint64_t *out, CONF_SECTION *cs, char const *item, char const *value, unit_t const *units,
		   uint64_t min, uint64_t max, char const *range)
{
	if (parse_amount(out, value, units) && (*out >= min) && (*out <= max)) return true;

	cf_log_err(item_at(cs, item), "Invalid value \"%s\" for item '%s': expected %s", value, item, range);
	return false;
}

/** An absolute path: radiusd changes its directory when it becomes a daemon */
static bool path(CONF_SECTION *cs, char const *item, char const *value)
{
	if (value && (value[0] == '/')) return true;

	cf_log_err(item_at(cs, item), "Invalid value \"%s\" for item '%s': expected an absolute path",
		   value ? value : "", item);
	return false;
}

/** Refuses items that do not exist, which the server itself ignores, and items given twice, of which it takes one */
static bool check_items(CONF_SECTION *cs, CONF_PARSER const *items)
{
	bool		good = true;
	CONF_ITEM	*ci = NULL;

	while ((ci = cf_item_find_next(cs, ci))) {
		bool const		is_pair = cf_item_is_pair(ci);
		char const		*name;
		CONF_PARSER const	*item;
		char			known[256];

		if (!is_pair && !cf_item_is_section(ci)) continue;
		name = is_pair ? cf_pair_attr(cf_item_to_pair(ci)) : cf_section_name1(cf_item_to_section(ci));

		for (item = items; item->name && (strcmp(item->name, name) != 0); item++);
		if (!item->name || (is_pair != (item->type != PW_TYPE_SUBSECTION))) {
			list_items(known, sizeof(known), items);
			cf_log_err(ci, "Unknown item '%s' in section '%s': known are %s", name, cf_section_name1(cs), known);
			good = false;
			continue;
		}
		if (is_pair ? (cf_pair_find(cs, name) != cf_item_to_pair(ci)) :
			      (cf_section_sub_find(cs, name) != cf_item_to_section(ci))) {
			cf_log_err(ci, "Item '%s' is given twice", name);
			good = false;
		}
		if (!is_pair && !check_items(cf_item_to_section(ci), (CONF_PARSER const *) item->dflt)) good = false;
	}
	return good;
}

/** Makes id or address something that differs from request to request, or refuses it
 *
 * A literal would be the same for every login, and so suspend nobody.
 */
static bool resolve(CONF_SECTION *cs, char const *item, vp_tmpl_t **vpt, char const *dflt)
{
	CONF_PAIR	*cp = cf_pair_find(cs, item);
	char const	*value = cp ? cf_pair_value(cp) : dflt;

	if (!cp && (tmpl_afrom_str(cs, vpt, dflt, strlen(dflt), T_BARE_WORD, REQUEST_CURRENT, PAIR_LIST_REQUEST,
				   true) <= 0)) {
		cf_log_err_cs(cs, "Item '%s' is missing, and its default %s does not resolve: %s", item, dflt, fr_strerror());
		return false;
	}
	if (*vpt && (((*vpt)->type == TMPL_TYPE_ATTR) || ((*vpt)->type == TMPL_TYPE_XLAT))) return true;

	cf_log_err(item_at(cs, item), "Invalid value \"%s\" for item '%s': expected an attribute reference (&User-Name) or "
		   "a double-quoted expansion (\"%%{User-Name}\")", value ? value : "", item);
	return false;
}

static bool check_spool(CONF_SECTION *conf, rlm_pppoe_guard_t *inst, guard_options_t *options)
{
	/*
	 *	The server makes the section when it is missing, and then misses the directory in it.
	 */
	CONF_SECTION	*cs = cf_section_sub_find(conf, "spool");
	uint64_t	retention = 0;
	bool		good = true;

	if (!cs) {
		cf_log_err_cs(conf, "Section 'spool' is missing");
		return false;
	}
	if (!path(cs, "directory", inst->spool_directory)) good = false;
	if (!amount(&options->segment_bytes, cs, "segment_size", inst->spool_segment_size, bytes, 64 << 10, 1 << 30,
		    "bytes from 64K to 1G, in K, M, G or none")) good = false;
	if (!amount(&options->quota_bytes, cs, "quota", inst->spool_quota, bytes, 128 << 10, UINT64_C(1) << 40,
		    "bytes from 128K to 1024G, in K, M, G or none")) good = false;
	if (!amount(&retention, cs, "retention", inst->spool_retention, seconds, 3600, 7 * 86400,
		    "a time from 1h to 7d, in s, m, h, d or none (seconds)")) good = false;
	if (good && (options->quota_bytes < 2 * options->segment_bytes)) {
		cf_log_err(item_at(cs, "quota"), "Invalid value \"%s\" for item 'quota': expected at least twice the "
			   "segment_size of \"%s\"", inst->spool_quota, inst->spool_segment_size);
		good = false;
	}
	options->spool_directory = inst->spool_directory;
	options->retention = (uint32_t) retention;
	return good;
}

int guard_config_check(CONF_SECTION *conf, rlm_pppoe_guard_t *inst, guard_options_t *options)
{
	int const	service = word(conf, "service", inst->service, services);
	int const	keep_case = word(conf, "case", inst->letter_case, cases);
	int const	strip_realm = word(conf, "realm", inst->realm, realms);
	int const	mark = word(conf, "action", inst->action, actions);
	uint64_t	max_skew = 0;
	bool		good = (service >= 0) && (keep_case >= 0) && (strip_realm >= 0) && (mark >= 0);

	if (!check_items(conf, guard_module_config)) good = false;
	if (!resolve(conf, "id", &inst->id, "&User-Name")) good = false;
	if (service == GUARD_SERVICE_SMTP_AUTH) {
		if (!resolve(conf, "address", &inst->address, "&Calling-Station-Id")) good = false;
	} else if (cf_pair_find(conf, "address")) {
		cf_log_err(item_at(conf, "address"), "Item 'address' is only for service = \"smtp-auth\": the addresses of a "
			   "PPPoE session come from the packet");
		good = false;
	}
	if (!path(conf, "table", inst->table)) good = false;
	if (!amount(&max_skew, conf, "max_skew", inst->max_skew, seconds, 1, 86400,
		    "a time from 1s to 1d, in s, m, h, d or none (seconds)")) good = false;
	if (!check_spool(conf, inst, options)) good = false;

	inst->mark = (mark == 1);
	options->service = (guard_service_t) service;
	options->keep_case = (keep_case == 1);
	options->strip_realm = (strip_realm == 1);
	options->table = inst->table;
	options->max_skew = (uint32_t) max_skew;
	return good ? 0 : -1;
}

typedef struct inspection {
	CONF_SECTION	*conf;
	char const	*name;		//!< of the instance
} inspection_t;

/** Warns of one path, with the place in the file that names it
 *
 * "freeradius -C" without "-l stdout" writes into the log file, where whoever types it does not look.
 */
static void report_path(void *context, guard_path_t which, char const *text)
{
	inspection_t const	*inspection = context;
	CONF_SECTION		*cs = inspection->conf;
	char const		*item = (which == GUARD_PATH_SPOOL) ? "directory" : "table";
	CONF_PAIR		*cp;

	if (which == GUARD_PATH_SPOOL) cs = cf_section_sub_find(cs, "spool");
	cp = cf_pair_find(cs, item);
	WARN("%s[%d]: rlm_pppoe_guard (%s): %s %s", cf_pair_filename(cp), cf_pair_lineno(cp), inspection->name, item, text);

	if (!check_config || (default_log.dst == L_DST_STDOUT) || (default_log.dst == L_DST_STDERR)) return;
	fprintf(stderr, "Warning: %s[%d]: rlm_pppoe_guard (%s): %s %s\n", cf_pair_filename(cp), cf_pair_lineno(cp),
		inspection->name, item, text);
}

void guard_config_inspect(CONF_SECTION *conf, rlm_pppoe_guard_t const *inst, guard_options_t const *options)
{
	inspection_t inspection = { conf, inst->name };

	guard_inspect_path(options, GUARD_PATH_SPOOL, report_path, &inspection);
	/*
	 *	Else guard_core_start() says it.
	 */
	if (check_config) guard_inspect_path(options, GUARD_PATH_TABLE, report_path, &inspection);
}
