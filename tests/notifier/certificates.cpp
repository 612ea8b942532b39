#include "tests/notifier/certificates.hpp"

#include <sstream>
#include <stdexcept>

namespace guard::test {
namespace {

using namespace std::chrono_literals;

std::vector<std::string> command(const std::string& script, std::vector<std::string> arguments) {
    std::vector<std::string> all{"/usr/bin/python3", GUARD_SOURCE_DIR "/tests/notifier/" + script};
    all.insert(all.end(), arguments.begin(), arguments.end());
    return all;
}

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line) && !in.eof();)
        if (line.starts_with('{')) lines.push_back(line);
    return lines;
}

}  // namespace

Certificates::Certificates() : directory_("certificates") {
    openssl({"ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", key()});
    openssl({"req", "-x509", "-new", "-key", key(), "-subj", "/CN=Test CA", "-days", "2", "-out", authority()});
    const auto sign = [&](const std::string& name, const std::string& subject) {
        openssl({"req", "-new", "-key", key(), "-subj", "/CN=" + name, "-out", file(name + ".csr")});
        write_file(file(name + ".ext"), "subjectAltName=" + subject + "\n");
        openssl({"x509", "-req", "-in", file(name + ".csr"), "-CA", authority(), "-CAkey", key(), "-CAcreateserial",
                 "-days", "2", "-extfile", file(name + ".ext"), "-out", file(name + ".pem")});
    };
    sign("good", "IP:127.0.0.1,DNS:localhost");
    sign("other", "DNS:other.example");
    openssl({"req", "-x509", "-new", "-key", key(), "-subj", "/CN=self", "-days", "2", "-addext",
             "subjectAltName=IP:127.0.0.1", "-out", self_signed()});
}

void Certificates::openssl(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), "openssl");
    const auto result = run(arguments);
    if (result.status != 0) throw std::runtime_error("openssl: " + result.output);
}

PythonServer::PythonServer(const std::string& script, std::vector<std::string> arguments)
    : process_(command(script, std::move(arguments))) {
    if (!process_.wait_for_output("\n", 20s)) throw std::runtime_error(script + ": " + process_.output());
    port_ = static_cast<unsigned>(std::stoul(process_.output()));
}

std::vector<std::string> PythonServer::lines(std::size_t count) {
    (void)wait_until([&] { return lines_of(process_.output()).size() >= count; }, 10s);
    return lines_of(process_.output());
}

}  // namespace guard::test
