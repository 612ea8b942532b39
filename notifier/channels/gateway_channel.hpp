// A gateway that takes an HTTPS request: short messages, a telephone robot, a ticket system. The body is the operator's
// JSON template; the request is signed and names the delivery, so that the other side can tell a repetition. One
// object, one thread; the connection stays open between deliveries.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "config/secret.hpp"
#include "config/settings.hpp"
#include "event/expected.hpp"
#include "notifier/channel.hpp"
#include "notifier/channels/gateway_body.hpp"
#include "notifier/template_set.hpp"

namespace guard::notifier {

struct Gateway {
    std::string name;  // "sms", "webhook"
    config::GatewaySettings settings;
    config::Secret signing_key;
    config::Secret authorization;  // empty: no such header
    GatewayBody body;
};

// Reads the secrets and the body; all mistakes at once, each with its key.
[[nodiscard]] Expected<Gateway, std::vector<std::string>> load_gateway(const std::string& name,
                                                                       const config::GatewaySettings& settings);

// The value of the signature's header: "v1=" and in hexadecimal the HMAC-SHA256 of `timestamp`, a dot and the body.
[[nodiscard]] std::string gateway_signature(std::string_view key, std::string_view timestamp, std::string_view body);

class GatewayChannel final : public Channel {
  public:
    // Throws std::runtime_error when libcurl cannot be set up.
    GatewayChannel(Gateway gateway, std::shared_ptr<const TemplateSet> templates);
    ~GatewayChannel() override;

    [[nodiscard]] std::string_view name() const override { return gateway_.name; }
    [[nodiscard]] bool reaches(const Recipient& recipient) const override;
    [[nodiscard]] std::string masked_address(const Recipient& recipient) const override;
    // 2xx: accepted. 408, 429, 5xx, 3xx (not followed) and no answer: later. Any other 4xx: never.
    [[nodiscard]] Delivery deliver(const DeliveryJob& job) override;

  private:
    struct Handle;
    [[nodiscard]] std::string address_of(const Recipient& recipient) const;
    [[nodiscard]] Delivery post(const std::string& key, const std::string& body, Time now);

    Gateway gateway_;
    std::shared_ptr<const TemplateSet> templates_;
    std::unique_ptr<Handle> handle_;
};

}  // namespace guard::notifier
