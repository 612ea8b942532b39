// Disconnect-Request and its answers, against bytes that were not made by this code: FreeRADIUS's radclient sent the
// requests and took the answers as valid, and openssl computes the digests of the rest.
#include "analyzer/daemon/disconnect_packet.hpp"

#include <boost/test/unit_test.hpp>
#include <sstream>

#include "tests/support/process.hpp"

namespace guard::daemon {
namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr std::string_view kSecret = "s3cret";
constexpr Time kNow{Microseconds{1'772'323'200'000'000}};  // 2026-03-01T00:00:00Z

Bytes bytes(std::string_view hex) {
    Bytes result;
    for (std::size_t at = 0; at + 1 < hex.size(); at += 2)
        result.push_back(static_cast<std::uint8_t>(std::stoul(std::string(hex.substr(at, 2)), nullptr, 16)));
    return result;
}

std::string hex(std::span<const std::uint8_t> data) {
    std::ostringstream out;
    out << std::hex;
    for (const std::uint8_t byte : data) out << (byte < 16 ? "0" : "") << unsigned{byte};
    return out.str();
}

IpAddress address(std::string_view text) {
    return IpAddress::parse(text).value();
}

Authenticator authenticator_of(const Bytes& packet) {
    Authenticator result{};
    std::copy_n(packet.begin() + 4, 16, result.begin());
    return result;
}

// The digest that the openssl program computes, HMAC-MD5 when a key is given.
std::string openssl_md5(const Bytes& data, std::string_view hmac_key = {}) {
    const test::TemporaryDirectory directory("openssl");
    const auto file = directory.path() / "data";
    test::write_file(file, {reinterpret_cast<const char*>(data.data()), data.size()});
    std::vector<std::string> args{"openssl", "dgst", "-md5", "-r"};
    if (!hmac_key.empty()) args.insert(args.end(), {"-hmac", std::string(hmac_key)});
    args.push_back(file.string());
    const test::Result result = test::run(args);
    BOOST_REQUIRE_MESSAGE(result.status == 0, result.output);
    return result.output.substr(0, 32);
}

// The attributes behind the header, in their order.
std::vector<std::pair<int, Bytes>> attributes(const Bytes& packet) {
    std::vector<std::pair<int, Bytes>> result;
    for (std::size_t at = 20; at < packet.size(); at += packet[at + 1]) {
        BOOST_REQUIRE(packet[at + 1] >= 2);
        BOOST_REQUIRE(at + packet[at + 1] <= packet.size());
        result.emplace_back(packet[at], Bytes(packet.begin() + static_cast<std::ptrdiff_t>(at) + 2,
                                              packet.begin() + static_cast<std::ptrdiff_t>(at) + packet[at + 1]));
    }
    return result;
}

BOOST_AUTO_TEST_SUITE(disconnect_request)

BOOST_AUTO_TEST_CASE(is_what_radclient_sends) {
    const auto ipv4 = encode_disconnect({"user0042@example.net", address("192.0.2.17"), kNow}, 124, kSecret);
    BOOST_TEST(
        hex(ipv4.bytes) ==
        "287c00489d555392f882805d3fad5b617b15111401167573657230303432406578616d706c652e6e65740806c0000211370669a38180"
        "5012b1008e19abf78ab53f010bd9bbde22ae");
    BOOST_TEST(hex(ipv4.authenticator) == "9d555392f882805d3fad5b617b151114");
    const auto ipv6 = encode_disconnect({"u", address("2001:db8::17"), kNow}, 31, kSecret);
    BOOST_TEST(
        hex(ipv6.bytes) ==
        "281f00415c66602b6e22d23744eb70d0ba624b2a010375a81220010db8000000000000000000000017370669a3818050124d8cef9907"
        "0a637107be435e4c270a11");
}

// RFC 3162 section 2.3 and RFC 4818 leave open how many of the bits behind the prefix are sent: all of them are zero.
BOOST_AUTO_TEST_CASE(carries_a_prefix_as_framed_or_as_delegated) {
    for (const auto& [text, type] : {std::pair{"2001:db8:1:2::/64", 97}, std::pair{"2001:db8:100::/56", 123}}) {
        const IpAddress prefix = address(text);
        const auto request = encode_disconnect({"u", prefix, kNow}, 1, kSecret);
        const auto list = attributes(request.bytes);
        BOOST_REQUIRE(list.size() == 4U);
        BOOST_TEST(list[1].first == type);
        Bytes value = list[1].second;
        BOOST_REQUIRE(value.size() >= 2 + prefix.prefix_length() / 8);
        BOOST_REQUIRE(value.size() <= 18U);
        BOOST_TEST(value[0] == 0);
        BOOST_TEST(value[1] == prefix.prefix_length());
        value.resize(18);
        BOOST_TEST(hex(std::span(value).subspan(2)) == hex(prefix.bytes()));
    }
}

BOOST_AUTO_TEST_CASE(is_signed_as_openssl_would) {
    for (const char* where : {"192.0.2.17", "2001:db8::17", "2001:db8:1:2::/64", "2001:db8:100::/56"})
        for (const std::string_view secret :
             {std::string_view("x"), std::string_view("a longer secret, of more than sixteen bytes")}) {
            const auto request = encode_disconnect({std::string(253, 'u'), address(where), kNow}, 255, secret);
            Bytes packet = request.bytes;
            BOOST_TEST(packet[0] == 40);
            BOOST_TEST(packet[1] == 255);
            BOOST_TEST(packet[2] * 256U + packet[3] == packet.size());
            const auto list = attributes(packet);
            BOOST_TEST(list.front().second.size() == 253U);
            BOOST_TEST(list.back().first == 80);
            // RFC 5176 section 2.3: MD5 over the packet with sixteen zeros, and the secret.
            std::fill_n(packet.begin() + 4, 16, std::uint8_t{0});
            Bytes with_secret = packet;
            with_secret.insert(with_secret.end(), secret.begin(), secret.end());
            BOOST_TEST(openssl_md5(with_secret) == hex(request.authenticator));
            BOOST_TEST(hex(request.authenticator) == hex(std::span(request.bytes).subspan(4, 16)));
            // RFC 3579 section 3.2: HMAC-MD5 over the same, its own value zero.
            std::fill(packet.end() - 16, packet.end(), std::uint8_t{0});
            BOOST_TEST(openssl_md5(packet, secret) == hex(list.back().second));
        }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(disconnect_answer)

struct Exchange {
    Bytes request, answer;
    DisconnectAnswer kind;
    std::optional<std::uint32_t> cause;
};

// Answers that radclient took as valid: without and with a Message-Authenticator, ACK and NAK.
std::vector<Exchange> exchanges() {
    return {
        {bytes("287c00489d555392f882805d3fad5b617b151114"), bytes("297c00147ba26248bb68b1e46e8d798af851a5b9"),
         DisconnectAnswer::ack, std::nullopt},
        {bytes("281f00415c66602b6e22d23744eb70d0ba624b2a"),
         bytes("291f0026a68f81f441e82cd2b9be306ae608e7e45012f6f27c37e463e6e7c88f0af034984037"), DisconnectAnswer::ack,
         std::nullopt},
        {bytes("2865004398db76f593f7e8d18ace992e60933cf9"),
         bytes("2a65001a76d33d252b3bee71a0862ba5c2b07ebd6506000001f7"), DisconnectAnswer::nak, 503},
        {bytes("28f00056dc977fd06d03a05a47487925c9948aa0"),
         bytes("2af0002cac83ea99613691b189355941ec14f0f76506000001f85012aff7fcf77c2c573451a253159c67faff"),
         DisconnectAnswer::nak, 504},
    };
}

std::optional<DecodedAnswer> decoded(const Exchange& exchange, const Bytes& answer, std::string_view secret = kSecret) {
    return decode_answer(answer, exchange.request[1], authenticator_of(exchange.request), secret);
}

// `answer` with its Response Authenticator made right again (RFC 2865 section 3), so that only what is inside is wrong.
Bytes signed_again(const Exchange& exchange, Bytes answer, std::string_view secret = kSecret) {
    answer[2] = static_cast<std::uint8_t>(answer.size() >> 8);
    answer[3] = static_cast<std::uint8_t>(answer.size());
    std::copy_n(exchange.request.begin() + 4, 16, answer.begin() + 4);
    Bytes data = answer;
    data.insert(data.end(), secret.begin(), secret.end());
    const Bytes digest = bytes(openssl_md5(data));
    std::copy(digest.begin(), digest.end(), answer.begin() + 4);
    return answer;
}

BOOST_AUTO_TEST_CASE(says_ack_or_nak_and_why) {
    for (const Exchange& exchange : exchanges()) {
        const auto answer = decoded(exchange, exchange.answer);
        BOOST_REQUIRE(answer.has_value());
        BOOST_TEST((answer->answer == exchange.kind));
        BOOST_TEST((answer->error_cause == exchange.cause));
    }
}

BOOST_AUTO_TEST_CASE(
    may_be_followed_by_padding) {  // RFC 2865 section 3: octets outside the range of the length are ignored
    for (const Exchange& exchange : exchanges()) {
        Bytes padded = exchange.answer;
        padded.resize(padded.size() + 7, 0xff);
        BOOST_TEST(decoded(exchange, padded).has_value());
    }
}

BOOST_AUTO_TEST_CASE(with_any_bit_changed_is_none) {
    for (const Exchange& exchange : exchanges())
        for (std::size_t bit = 0; bit < exchange.answer.size() * 8; ++bit) {
            Bytes changed = exchange.answer;
            changed[bit / 8] = static_cast<std::uint8_t>(changed[bit / 8] ^ (1U << bit % 8));
            BOOST_TEST(!decoded(exchange, changed).has_value(), "bit " << bit);
        }
}

BOOST_AUTO_TEST_CASE(cut_short_is_none) {
    for (const Exchange& exchange : exchanges())
        for (std::size_t length = 0; length < exchange.answer.size(); ++length)
            BOOST_TEST(!decoded(exchange, Bytes(exchange.answer.begin(),
                                                exchange.answer.begin() + static_cast<std::ptrdiff_t>(length)))
                            .has_value());
}

BOOST_AUTO_TEST_CASE(under_another_secret_or_to_another_request_is_none) {
    const auto all = exchanges();
    for (std::size_t i = 0; i < all.size(); ++i) {
        BOOST_TEST(!decoded(all[i], all[i].answer, "s3creT").has_value());
        BOOST_TEST(!decoded(all[i], all[i].answer, "").has_value());
        const auto& other = all[(i + 1) % all.size()];
        BOOST_TEST(
            !decode_answer(all[i].answer, all[i].request[1], authenticator_of(other.request), kSecret).has_value());
        BOOST_TEST(
            !decode_answer(all[i].answer, other.request[1], authenticator_of(all[i].request), kSecret).has_value());
    }
}

BOOST_AUTO_TEST_CASE(with_a_wrong_message_authenticator_is_none) {
    const Exchange exchange = exchanges()[3];
    BOOST_REQUIRE(decoded(exchange, signed_again(exchange, exchange.answer)).has_value());  // the tool itself is right
    Bytes wrong = exchange.answer;
    wrong.back() ^= 1;
    BOOST_TEST(!decoded(exchange, signed_again(exchange, wrong)).has_value());
    Bytes too_short = exchange.answer;
    too_short.resize(too_short.size() - 1);
    too_short[27] = 17;
    BOOST_TEST(!decoded(exchange, signed_again(exchange, too_short)).has_value());
}

BOOST_AUTO_TEST_CASE(of_another_code_is_none) {
    const Exchange exchange = exchanges()[0];
    for (const unsigned code : {2U, 3U, 40U, 43U, 44U, 45U, 0U, 255U}) {
        Bytes other = exchange.answer;
        other[0] = static_cast<std::uint8_t>(code);
        BOOST_TEST(!decoded(exchange, signed_again(exchange, other)).has_value());
    }
}

BOOST_AUTO_TEST_CASE(with_attributes_that_do_not_fit_is_none) {
    const Exchange exchange = exchanges()[0];
    for (const char* attribute : {"65", "6500", "6501", "65060000", "650600000", "ffff00"}) {
        Bytes broken = exchange.answer;
        const Bytes tail = bytes(attribute);
        broken.insert(broken.end(), tail.begin(), tail.end());
        BOOST_TEST(!decoded(exchange, signed_again(exchange, broken)).has_value(), attribute);
    }
    // Attributes that are not known, and an Error-Cause of another size, are none of our business.
    for (const char* attribute : {"1206626c6168", "650501f700", "6502"}) {
        Bytes odd = exchange.answer;
        const Bytes tail = bytes(attribute);
        odd.insert(odd.end(), tail.begin(), tail.end());
        const auto answer = decoded(exchange, signed_again(exchange, odd));
        BOOST_TEST_REQUIRE(answer.has_value(), attribute);
        BOOST_TEST(!answer->error_cause.has_value());
    }
}

BOOST_AUTO_TEST_CASE(has_a_name_for_its_cause) {
    BOOST_TEST(error_cause_name(503) == "Session-Context-Not-Found (503)");
    BOOST_TEST(error_cause_name(501) == "Administratively-Prohibited (501)");
    BOOST_TEST(error_cause_name(999) == "Error-Cause (999)");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace guard::daemon
