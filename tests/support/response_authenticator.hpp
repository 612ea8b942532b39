// Whether a RADIUS reply answers a request (RFC 2865 section 3): for clients that have many requests under way and use
// identifiers again. One thread each.
#pragma once

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <stdexcept>

#include "tests/support/radius_server.hpp"

namespace guard::test {

// Of replies: MD5 over the reply with the request's authenticator in place of its own, and the secret.
class ResponseAuthenticator {
  public:
    ResponseAuthenticator()
        : md5_(EVP_MD_fetch(nullptr, "MD5", nullptr), EVP_MD_free), context_(EVP_MD_CTX_new(), EVP_MD_CTX_free) {
        if (!md5_ || !context_) throw std::runtime_error("no MD5");
    }

    [[nodiscard]] bool good(std::span<const std::uint8_t> reply, std::span<const std::uint8_t> request) {
        std::array<std::uint8_t, EVP_MAX_MD_SIZE> digest{};
        EVP_MD_CTX* const context = context_.get();
        const auto rest = reply.subspan(kHeaderBytes);
        const auto secret = RadiusServer::kSecret;
        if (EVP_DigestInit_ex(context, md5_.get(), nullptr) != 1 ||
            EVP_DigestUpdate(context, reply.data(), kAuthenticatorAt) != 1 ||
            EVP_DigestUpdate(context, request.data() + kAuthenticatorAt, kAuthenticatorBytes) != 1 ||
            EVP_DigestUpdate(context, rest.data(), rest.size()) != 1 ||
            EVP_DigestUpdate(context, secret.data(), secret.size()) != 1 ||
            EVP_DigestFinal_ex(context, digest.data(), nullptr) != 1)
            throw std::runtime_error("no MD5");
        return std::equal(digest.begin(), digest.begin() + kAuthenticatorBytes, reply.begin() + kAuthenticatorAt);
    }

  private:
    static constexpr std::size_t kHeaderBytes = 20, kAuthenticatorAt = 4, kAuthenticatorBytes = 16;

    std::unique_ptr<EVP_MD, void (*)(EVP_MD*)> md5_;
    std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context_;
};

}  // namespace guard::test
