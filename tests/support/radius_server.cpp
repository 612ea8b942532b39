#include "tests/support/radius_server.hpp"

#include <signal.h>

#include <cstdlib>
#include <iostream>
#include <sstream>
#include <stdexcept>

namespace guard::test {
namespace {

using std::chrono::seconds;

constexpr seconds kStartTimeout{60};  // generous: sanitizers, and machines with other work

std::string main_file(const RadiusConfig& config, const RadiusServer& server, const std::string& libraries) {
    std::ostringstream text;
    text << "work = " << server.directory().string() << "\n"
         << "auth_port = " << server.auth_port() << "\nacct_port = " << server.acct_port()
         << "\ncoa_port = " << server.coa_port() << "\n"
         << config.main << "\n"  // of an item that is there twice, the server takes the first
         << R"(name = radiusd
prefix = /usr
localstatedir = ${work}
logdir = ${work}
run_dir = ${work}
raddbdir = ${work}
libdir = )"
         << libraries << R"(
pidfile = ${work}/radiusd.pid
correct_escapes = true
max_request_time = 30
max_requests = 65536
hostname_lookups = no
proxy_requests = no
log {
	destination = stdout
	auth = yes
}
security {
	allow_core_dumps = no
	reject_delay = 0
	status_server = yes
}
thread pool {
	start_servers = 4
	max_servers = 8
	min_spare_servers = 1
	max_spare_servers = 8
	max_requests_per_server = 0
	auto_limit_acct = no
}
client loopback {
	ipaddr = 127.0.0.0/8
	secret = )"
         << RadiusServer::kSecret << R"(
	require_message_authenticator = no
}
modules {
	pap {
	}
	files {
		usersfile = ${work}/users
	}
	always ok {
		rcode = ok
	}
	always noop {
		rcode = noop
	}
	always fail {
		rcode = fail
	}
	always reject {
		rcode = reject
	}
)" << config.modules
         << "\n}\n"
         << config.servers;
    return text.str();
}

constexpr std::string_view kReports = "sanitizer";
constexpr std::string_view kSuppressions = "suppressions";

// The test program fails, but not before everything of it has been cleared away. Not by a Boost.Test assertion: a
// destructor may run outside a test case.
void fail_at_exit() {
    struct Failure {
        Failure() = default;
        Failure(const Failure&) = delete;
        Failure& operator=(const Failure&) = delete;
        ~Failure() { std::_Exit(1); }
    };
    static const Failure failure;
}

// What the sanitizers need in a program that was not built with them, and that loads modules with RTLD_DEEPBIND. Their
// reports go to files: the server closes its standard error. (UndefinedBehaviorSanitizer writes there all the same; but
// the server is gone then, and the test fails.)
std::map<std::string, std::string> sanitizer_environment([[maybe_unused]] const std::filesystem::path& directory) {
#ifdef GUARD_SANITIZER_PRELOAD
    const std::string to = "log_path=" + (directory / kReports).string() + ":";
    // Not our concern: the server's signal handler spoils errno; its threads hand requests to each other by means that
    // ThreadSanitizer does not see in code that was not built with it, and then free them.
    write_file(directory / kSuppressions, "race:libtalloc.so\nsignal:freeradius\n");
    return {{"LD_PRELOAD", GUARD_SANITIZER_PRELOAD},
            {"ASAN_OPTIONS", to + "detect_leaks=0:verify_asan_link_order=0"},
            {"UBSAN_OPTIONS", to + "print_stacktrace=1"},
            {"TSAN_OPTIONS", to + "halt_on_error=1:suppressions=" + (directory / kSuppressions).string()}};
#else
    return {};
#endif
}

}  // namespace

const std::string_view kPppoeSite = R"(
server pppoe {
	listen {
		type = auth
		ipaddr = 127.0.0.1
		port = ${auth_port}
	}
	listen {
		type = acct
		ipaddr = 127.0.0.1
		port = ${acct_port}
	}
	authorize {
		pppoe_guard
		files
		pap
	}
	authenticate {
		pap
	}
	preacct {
	}
	accounting {
		pppoe_guard
	}
	post-auth {
		pppoe_guard
		Post-Auth-Type REJECT {
			pppoe_guard
		}
	}
}
)";

const std::string_view kSmtpSite = R"(
server smtp {
	listen {
		type = auth
		ipaddr = 127.0.0.1
		port = ${auth_port}
	}
	authorize {
		guard_smtp
		files
		pap
	}
	authenticate {
		pap
	}
	post-auth {
		guard_smtp
		Post-Auth-Type REJECT {
			guard_smtp
		}
	}
}
)";

std::string figures_site(std::string_view instance) {
    return R"(
server figures {
	listen {
		type = auth
		ipaddr = 127.0.0.1
		port = ${coa_port}
	}
	authorize {
		update control {
			&Auth-Type := Accept
		}
		update reply {
			&Filter-Id := "%{)" +
           std::string(instance) + R"(:%{Filter-Id}}"
		}
	}
}
)";
}

RadiusServer::RadiusServer(const RadiusConfig& config)
    : directory_("radius", user_),
      auth_port_(free_port(Transport::udp)),
      acct_port_(free_port(Transport::udp)),
      coa_port_(free_port(Transport::udp)) {
    configure(config);
}

RadiusServer::~RadiusServer() {
    process_.reset();
    if (const std::string reports = sanitizer_reports(); !reports.empty()) {
        std::cerr << reports;
        fail_at_exit();
    }
}

std::string RadiusServer::sanitizer_reports() const {
    std::string text;
    for (const auto& entry : std::filesystem::directory_iterator(directory()))
        if (entry.path().filename().string().starts_with(std::string(kReports) + ".")) text += read_file(entry.path());
    return text;
}

void RadiusServer::configure(const RadiusConfig& config) {
    // A copy of the module, made once: the server's user need not be allowed to read the build directory, and a running
    // server has it mapped.
    const std::filesystem::path module = std::filesystem::path(GUARD_BINARY_DIR) / "lib/rlm_pppoe_guard.so";
    const auto library = directory() / "lib";
    std::filesystem::create_directory(library);
    if (std::filesystem::exists(module))
        std::filesystem::copy_file(module, library / module.filename(), std::filesystem::copy_options::skip_existing);
    write_file(directory() / "radiusd.conf", main_file(config, *this, library.string() + ":/usr/lib/freeradius"),
               user_);
    write_file(directory() / "users", config.users, user_);
    write_file(directory() / "dictionary", config.dictionary, user_);
}

ProcessOptions RadiusServer::options() const {
    ProcessOptions result;
    result.user = user_;
    result.directory = directory();
    result.env = sanitizer_environment(directory());
    return result;
}

void RadiusServer::start() {
    process_ = std::make_unique<Process>(
        std::vector<std::string>{"/usr/sbin/freeradius", "-f", "-l", "stdout", "-d", directory().string()}, options());
    if (!process_->wait_for_output("Ready to process requests", kStartTimeout))
        throw std::runtime_error("freeradius does not start:\n" + process_->output());
}

void RadiusServer::stop() {
    process_->signal(SIGTERM);
    if (!process_->wait(seconds(20))) throw std::runtime_error("freeradius does not stop:\n" + process_->output());
}

void RadiusServer::kill() {
    process_->signal(SIGKILL);
    if (!process_->wait(seconds(20))) throw std::runtime_error("freeradius does not die");
}

void RadiusServer::hangup() {
    process_->signal(SIGHUP);
}

Result RadiusServer::check(const std::vector<std::string>& arguments) const {
    return check_as(user_, arguments);
}

Result RadiusServer::check_as(const User& user, const std::vector<std::string>& arguments) const {
    std::vector<std::string> command{"/usr/sbin/freeradius", "-d", directory().string()};
    command.insert(command.end(), arguments.begin(), arguments.end());
    auto as_user = options();
    as_user.user = user;
    return run(command, as_user, kStartTimeout);
}

bool RadiusServer::wait_for_log(std::string_view text, std::chrono::milliseconds timeout) {
    return process_ != nullptr && process_->wait_for_output(text, timeout);
}

namespace {

RadiusConfig nas_config() {
    RadiusConfig config;
    config.modules = R"(
	linelog {
		filename = ${work}/requests.log
		format = "%{Packet-Type} user=%{User-Name} session=%{Acct-Session-Id} address=%{Framed-IP-Address} signed=%{Message-Authenticator} at=%{Event-Timestamp}"
	}
)";
    config.servers = R"(
server nas {
	listen {
		type = coa
		ipaddr = 127.0.0.1
		port = ${coa_port}
		virtual_server = nas
	}
	recv-coa {
		linelog
		if (&User-Name && &User-Name =~ /^gone/) {
			update reply {
				&Error-Cause := Session-Context-Not-Found
			}
			reject
		}
		elsif ((&Acct-Session-Id && &Acct-Session-Id =~ /^s/) || (&User-Name && &Framed-IP-Address)) {
			ok
		}
		else {
			update reply {
				&Error-Cause := Session-Context-Not-Found
			}
			reject
		}
	}
	send-coa {
		ok
	}
}
)";
    return config;
}

}  // namespace

NasStandIn::NasStandIn() : server_(nas_config()) {
    server_.start();
}

std::vector<std::string> NasStandIn::requests() const {
    const auto path = server_.directory() / "requests.log";
    std::vector<std::string> lines;
    if (!std::filesystem::exists(path)) return lines;
    std::istringstream text(read_file(path));
    for (std::string line; std::getline(text, line);) lines.push_back(line);
    return lines;
}

}  // namespace guard::test
