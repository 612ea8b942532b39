// A certification authority of one's own and what it has signed, for servers on 127.0.0.1. Made by openssl in a
// directory that goes with the object.
#pragma once

#include <string>

#include "tests/support/process.hpp"

namespace guard::test {

class Certificates {
  public:
    Certificates();

    [[nodiscard]] std::string authority() const { return file("ca.pem"); }
    // For 127.0.0.1, by the authority.
    [[nodiscard]] std::string good() const { return file("good.pem"); }
    // For another name, by the authority.
    [[nodiscard]] std::string other_name() const { return file("other.pem"); }
    // For 127.0.0.1, by nobody.
    [[nodiscard]] std::string self_signed() const { return file("self.pem"); }
    // The key of all three.
    [[nodiscard]] std::string key() const { return file("key.pem"); }
    [[nodiscard]] std::string file(const std::string& name) const { return (directory_.path() / name).string(); }

  private:
    void openssl(std::vector<std::string> arguments) const;
    TemporaryDirectory directory_;
};

// Starts a Python program of this folder and waits for its first line, the port.
class PythonServer {
  public:
    PythonServer(const std::string& script, std::vector<std::string> arguments);

    [[nodiscard]] unsigned port() const { return port_; }
    // The lines of JSON it has written so far, once there are at least `count`.
    [[nodiscard]] std::vector<std::string> lines(std::size_t count);

  private:
    Process process_;
    unsigned port_ = 0;
};

}  // namespace guard::test
