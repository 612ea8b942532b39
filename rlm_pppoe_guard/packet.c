/*
 * From the server's packets and attributes to guard_message_t: what may leave radiusd (R1, R2, R3), and beside it what is
 * only looked at to recognise a repeated message.
 */
#include "rlm_pppoe_guard.h"

bool guard_expand(guard_text_t *out, char *buffer, size_t size, REQUEST *request, vp_tmpl_t const *vpt)
{
	char const	*value = NULL;
	ssize_t		length;

	out->data = buffer;
	out->length = 0;
	length = tmpl_expand(&value, buffer, size, request, vpt, NULL, NULL);
	if ((length <= 0) || !value) return false;

	out->data = value;
	out->length = (size_t) length;
	return true;
}

static int64_t microseconds(struct timeval const *tv)
{
	return (int64_t) tv->tv_sec * 1000000 + tv->tv_usec;
}

void guard_read_packet(guard_message_t *message, REQUEST *request)
{
	RADIUS_PACKET const	*packet = request->packet;
	fr_ipaddr_t const	*nas = &packet->src_ipaddr;
	bool const		ipv6 = (nas->af == AF_INET6);

	/*
	 *	A request that the server made itself (a tunnelled one) has no time of its own but that of its start.
	 */
	message->received = packet->timestamp.tv_sec ? microseconds(&packet->timestamp) :
						       (int64_t) request->timestamp * 1000000;

	message->nas.width = ipv6 ? 128 : 32;
	message->nas.prefix_length = message->nas.width;
	if (ipv6) {
		memcpy(message->nas.bytes, &nas->ipaddr.ip6addr, 16);
	} else {
		memcpy(message->nas.bytes, &nas->ipaddr.ip4addr, 4);
	}
	message->nas_port = packet->src_port;
	message->packet_id = (uint8_t) packet->id;
	memcpy(message->authenticator, packet->vector, sizeof(message->authenticator));
}

/** An attribute of the type it should have: one the server could not decode has its number, but is octets */
static VALUE_PAIR *find(VALUE_PAIR *vps, unsigned int attribute, PW_TYPE type, bool *undecoded)
{
	VALUE_PAIR *vp = fr_pair_find_by_num(vps, attribute, 0, TAG_ANY);

	if (!vp) return NULL;
	if (vp->da->type == type) return vp;
	if (undecoded) *undecoded = true;
	return NULL;
}

void guard_read_accounting(guard_message_t *message, REQUEST *request)
{
	VALUE_PAIR *vps = request->packet->vps;
	VALUE_PAIR *vp;

	if ((vp = find(vps, PW_ACCT_SESSION_ID, PW_TYPE_STRING, NULL))) {
		message->session.data = vp->vp_strvalue;
		message->session.length = vp->vp_length;
	}
	if ((vp = find(vps, PW_EVENT_TIMESTAMP, PW_TYPE_DATE, NULL))) {
		message->has_timestamp = true;
		message->timestamp = vp->vp_date;
	}
	if ((vp = find(vps, PW_ACCT_DELAY_TIME, PW_TYPE_INTEGER, NULL))) message->delay = vp->vp_integer;
}

/** Unspecified addresses (0.0.0.0, ::, ::/0) are no addresses */
static void add(guard_message_t *message, void const *address, uint8_t width, uint8_t prefix_length)
{
	static uint8_t const	zero[16];
	guard_address_t		*to;

	if ((memcmp(address, zero, width / 8) == 0) || (message->address_count >= GUARD_MAX_ADDRESSES)) return;

	to = &message->addresses[message->address_count++];
	memcpy(to->bytes, address, width / 8);
	to->width = width;
	to->prefix_length = prefix_length;
}

static void add_prefix(guard_message_t *message, VALUE_PAIR *vps, unsigned int attribute)
{
	VALUE_PAIR *vp = find(vps, attribute, PW_TYPE_IPV6_PREFIX, &message->unusable);

	/*
	 *	The second byte is the length of the prefix (RFC 3162 section 2.3, RFC 4818 section 3).
	 */
	if (vp && vp->vp_ipv6prefix[1]) add(message, vp->vp_ipv6prefix + 2, 128, vp->vp_ipv6prefix[1]);
}

void guard_read_addresses(guard_message_t *message, VALUE_PAIR *vps)
{
	VALUE_PAIR *vp;

	vp = find(vps, PW_FRAMED_IP_ADDRESS, PW_TYPE_IPV4_ADDR, &message->unusable);
	/*
	 *	255.255.255.255 lets the user choose, 255.255.255.254 the NAS (RFC 2865 section 5.8).
	 */
	if (vp && (ntohl(vp->vp_ipaddr) < 0xfffffffe)) add(message, &vp->vp_ipaddr, 32, 32);

	vp = find(vps, PW_FRAMED_IPV6_ADDRESS, PW_TYPE_IPV6_ADDR, &message->unusable);
	if (vp) add(message, &vp->vp_ipv6addr, 128, 128);

	add_prefix(message, vps, PW_FRAMED_IPV6_PREFIX);
	add_prefix(message, vps, PW_DELEGATED_IPV6_PREFIX);
}
