/*
 * FreeRADIUS 3.2.1 as Debian 12 builds it (amd64, NDEBUG): every member, value and type passed by value that the C files use.
 */
#define GUARD_LAYOUT(OFFSET, SIZE, NUMBER) \
	SIZE(REQUEST, 328) \
	OFFSET(REQUEST, timestamp, 8) \
	OFFSET(REQUEST, packet, 40) \
	OFFSET(REQUEST, reply, 64) \
	OFFSET(REQUEST, config, 72) \
	OFFSET(REQUEST, log.lvl, 296) \
	SIZE(RADIUS_PACKET, 152) \
	OFFSET(RADIUS_PACKET, src_ipaddr, 4) \
	OFFSET(RADIUS_PACKET, src_port, 60) \
	OFFSET(RADIUS_PACKET, id, 64) \
	OFFSET(RADIUS_PACKET, code, 68) \
	OFFSET(RADIUS_PACKET, vector, 72) \
	OFFSET(RADIUS_PACKET, timestamp, 88) \
	OFFSET(RADIUS_PACKET, vps, 120) \
	SIZE(fr_ipaddr_t, 28) \
	OFFSET(fr_ipaddr_t, af, 0) \
	OFFSET(fr_ipaddr_t, ipaddr, 4) \
	SIZE(VALUE_PAIR, 80) \
	OFFSET(VALUE_PAIR, da, 0) \
	OFFSET(VALUE_PAIR, vp_length, 40) \
	OFFSET(VALUE_PAIR, vp_strvalue, 48) \
	OFFSET(VALUE_PAIR, vp_integer, 48) \
	OFFSET(VALUE_PAIR, vp_date, 48) \
	OFFSET(VALUE_PAIR, vp_ipaddr, 48) \
	OFFSET(VALUE_PAIR, vp_ipv6addr, 48) \
	OFFSET(VALUE_PAIR, vp_ipv6prefix, 48) \
	OFFSET(DICT_ATTR, type, 4) \
	SIZE(ATTR_FLAGS, 8) \
	OFFSET(vp_tmpl_t, type, 0) \
	SIZE(CONF_PARSER, 40) \
	OFFSET(CONF_PARSER, name, 0) \
	OFFSET(CONF_PARSER, type, 8) \
	OFFSET(CONF_PARSER, dflt, 32) \
	SIZE(FR_NAME_NUMBER, 16) \
	SIZE(module_t, 144) \
	OFFSET(module_t, methods, 64) \
	OFFSET(fr_log_t, dst, 8) \
	NUMBER(TMPL_TYPE_XLAT, 2) \
	NUMBER(TMPL_TYPE_ATTR, 3) \
	NUMBER(REQUEST_CURRENT, 2) \
	NUMBER(PAIR_LIST_REQUEST, 1) \
	NUMBER(L_WARN, 5) \
	NUMBER(L_DBG_WARN, 17) \
	NUMBER(L_DBG_LVL_1, 1) \
	NUMBER(L_DST_STDOUT, 0) \
	NUMBER(L_DST_STDERR, 3)
