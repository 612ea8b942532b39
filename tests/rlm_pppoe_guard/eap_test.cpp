// EAP (RFC 3579): many rounds are one login, and in a tunnel (RFC 5281) the ID is inside. The server's own rlm_eap, and
// eapol_test, a real client.
#include <boost/test/unit_test.hpp>
#include <filesystem>

#include "tests/rlm_pppoe_guard/guarded_server.hpp"

using namespace guard;
using namespace guard::test;

BOOST_TEST_DONT_PRINT_LOG_VALUE(guard::Kind)

namespace {

constexpr std::string_view kAnonymous = "anonymous@isp.example";
constexpr std::string_view kModules = R"(
	mschap {
	}
	eap {
		default_eap_type = ttls
		timer_expire = 60
		md5 {
		}
		mschapv2 {
		}
		tls-config tls-common {
			private_key_file = ${work}/key.pem
			certificate_file = ${work}/certificate.pem
			ca_file = ${work}/certificate.pem
			tls_min_version = "1.2"
			tls_max_version = "1.2"
		}
		ttls {
			tls = tls-common
			default_eap_type = md5
			virtual_server = inner
		}
		peap {
			tls = tls-common
			default_eap_type = mschapv2
			virtual_server = inner
		}
	}
)";

// "@outer@" and "@inner@" are where the module is, or nothing. In Post-Auth-Type Challenge it has no business, and must
// do nothing.
constexpr std::string_view kSite = R"(
server outer {
	listen {
		type = auth
		ipaddr = 127.0.0.1
		port = ${auth_port}
	}
	authorize {
		@outer@
		eap {
			ok = return
		}
		files
	}
	authenticate {
		eap
	}
	post-auth {
		@outer@
		Post-Auth-Type REJECT {
			@outer@
			eap
		}
		Post-Auth-Type Challenge {
			@outer@
		}
	}
}
server inner {
	authorize {
		@inner@
		mschap
		eap {
			ok = return
		}
		files
		pap
	}
	authenticate {
		eap
		mschap
		pap
	}
	post-auth {
		@inner@
		Post-Auth-Type REJECT {
			@inner@
		}
	}
}
)";

std::string site(bool outer, bool inner) {
    std::string text(kSite);
    for (const auto& [mark, listed] : {std::pair{"@outer@", outer}, std::pair{"@inner@", inner}})
        for (auto at = text.find(mark); at != std::string::npos; at = text.find(mark))
            text.replace(at, 7, listed ? "pppoe_guard" : "");
    return text;
}

struct Eap : GuardedServer {
    Eap(bool outer, bool inner, const std::vector<std::string>& suspended = {}) : GuardedServer(Setup{}) {
        publish(suspended);
        auto changed = config(Setup{.site = site(outer, inner)});
        changed.modules += kModules;
        server.configure(changed);
        const auto key = server.directory() / "key.pem", certificate = server.directory() / "certificate.pem";
        const auto made =
            run({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
                 "/CN=radius.example", "-days", "2", "-keyout", key.string(), "-out", certificate.string()});
        BOOST_REQUIRE_MESSAGE(made.status == 0, made.output);
        write_file(key, read_file(key), server.user());
        std::filesystem::permissions(key, static_cast<std::filesystem::perms>(0644));
        server.start();
    }

    // Whether the login succeeds. `method` as in wpa_supplicant.conf.
    bool login(const std::string& method, std::string_view id, std::string_view password = "pw",
               std::string_view outside = kAnonymous) {
        const auto file = server.directory() / "login.conf";
        const bool tunnel = method != "eap=MD5";
        write_file(file, "network={\nkey_mgmt=IEEE8021X\n" + method + "\nidentity=\"" + std::string(id) +
                             "\"\npassword=\"" + std::string(password) + "\"\n" +
                             (tunnel ? "anonymous_identity=\"" + std::string(outside) + "\"\n" : "") + "}\n");
        std::vector<std::string> command{"eapol_test",
                                         "-c" + file.string(),
                                         "-a127.0.0.1",
                                         "-p" + std::to_string(server.auth_port()),
                                         "-s" + std::string(RadiusServer::kSecret),
                                         "-t10"};
        if (!tunnel) command.emplace_back("-n");  // EAP-MD5 yields no keys
        const auto result = run(command);
        rounds = 0;
        constexpr std::string_view kChallenge = "code=11 (Access-Challenge)";
        for (auto at = result.output.find(kChallenge); at != std::string::npos;
             at = result.output.find(kChallenge, at + 1))
            ++rounds;
        const bool success = result.output.ends_with("SUCCESS\n");
        BOOST_TEST((success || result.output.ends_with("FAILURE\n")), result.output);
        return success;
    }
    void expect(const std::vector<std::pair<Kind, std::string_view>>& wanted) {
        const auto events = this->events();
        BOOST_REQUIRE_EQUAL(events.size(), wanted.size());
        for (std::size_t i = 0; i < events.size(); ++i) {
            BOOST_TEST(events[i].kind == wanted[i].first, i);
            BOOST_TEST(events[i].id == wanted[i].second);
        }
        BOOST_TEST(figure("duplicates") == "0");
    }

    int rounds = 0;  // Access-Challenges of the last login
};

constexpr const char* kMd5 = "eap=MD5";
constexpr const char* kTtlsPap = "eap=TTLS\nphase2=\"auth=PAP\"";
constexpr const char* kTtlsMd5 = "eap=TTLS\nphase2=\"autheap=MD5\"";
constexpr const char* kPeap = "eap=PEAP\nphase2=\"auth=MSCHAPV2\"";

}  // namespace

BOOST_AUTO_TEST_SUITE(eap)

BOOST_AUTO_TEST_CASE(many_rounds_are_one_event) {
    Eap server(true, false, {"u0002"});
    BOOST_TEST(server.login(kMd5, "u0001"));
    BOOST_TEST(server.rounds >= 1);
    BOOST_TEST(!server.login(kMd5, "u0001", "wrong"));
    BOOST_TEST(server.rounds >= 1);
    BOOST_TEST(!server.login(kMd5, "u0002"));
    BOOST_TEST(server.rounds == 0);  // refused before the first challenge
    server.expect({{Kind::accept, "u0001"}, {Kind::reject, "u0001"}, {Kind::reject, "u0002"}});
}

BOOST_AUTO_TEST_CASE(inside_the_tunnel_a_login_is_one_event_of_the_true_id) {
    Eap server(false, true, {"u0002"});
    BOOST_TEST(server.login(kTtlsPap, "u0001"));
    BOOST_TEST(server.rounds >= 3);
    BOOST_TEST(!server.login(kTtlsPap, "u0001", "wrong"));
    BOOST_TEST(!server.login(kTtlsPap, "u0002"));
    server.expect({{Kind::accept, "u0001"}, {Kind::reject, "u0001"}, {Kind::reject, "u0002"}});
    BOOST_TEST(server.figure("suspended") == "1");
}

// The request inside has the address and port of the outer one, and an authenticator of its own: two logins of one ID
// by way of one NAS are two events.
BOOST_AUTO_TEST_CASE(inside_the_tunnel_logins_are_not_taken_for_repetitions) {
    Eap server(false, true);
    for (int i = 0; i < 3; ++i) BOOST_TEST(server.login(kTtlsPap, "u0001"));
    server.expect({{Kind::accept, "u0001"}, {Kind::accept, "u0001"}, {Kind::accept, "u0001"}});
}

BOOST_AUTO_TEST_CASE(inside_the_tunnel_many_rounds_are_one_event) {
    Eap server(false, true, {"u0002"});
    for (const char* method : {kTtlsMd5, kPeap}) {
        BOOST_TEST(server.login(method, "u0001"), method);
        BOOST_TEST(!server.login(method, "u0002"), method);
    }
    server.expect({{Kind::accept, "u0001"}, {Kind::reject, "u0002"}, {Kind::accept, "u0001"}, {Kind::reject, "u0002"}});
}

BOOST_AUTO_TEST_CASE(outside_the_tunnel_only_the_outer_identity_is_seen) {
    Eap server(true, false, {"u0002"});
    BOOST_TEST(server.login(kTtlsPap, "u0001"));
    BOOST_TEST(server.login(kTtlsPap, "u0002"));  // suspended, and not refused
    BOOST_TEST(!server.login(kTtlsPap, "u0001", "wrong"));
    server.expect({{Kind::accept, kAnonymous}, {Kind::accept, kAnonymous}, {Kind::reject, kAnonymous}});
    // Who puts the true ID outside, too, is refused by it.
    BOOST_TEST(!server.login(kTtlsPap, "u0002", "pw", "u0002"));
}

BOOST_AUTO_TEST_CASE(on_both_sides_a_login_is_two_events) {
    Eap server(true, true, {"u0002"});
    BOOST_TEST(server.login(kTtlsPap, "u0001"));
    BOOST_TEST(server.login(kTtlsPap, "u0001", "pw", "u0001"));
    BOOST_TEST(!server.login(kTtlsPap, "u0002"));
    server.expect({{Kind::accept, "u0001"},
                   {Kind::accept, kAnonymous},
                   {Kind::accept, "u0001"},
                   {Kind::accept, "u0001"},
                   {Kind::reject, "u0002"},
                   {Kind::reject, kAnonymous}});
}

BOOST_AUTO_TEST_SUITE_END()
