#include "notifier/channels/gateway_body.hpp"

#include <nlohmann/json.hpp>

#include "notifier/template_recorder.hpp"

namespace guard::notifier {
namespace {

namespace mustache = kainjow::mustache;

std::string json_escaped(const std::string& plain) {
    const auto quoted = nlohmann::json(plain).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    return quoted.substr(1, quoted.size() - 2);
}

mustache::mustache parsed(const std::string& text) {
    mustache::mustache result(text);
    result.set_custom_escape(json_escaped);
    return result;
}

mustache::data data_of(const std::map<std::string, std::string>& values) {
    mustache::data data(mustache::data::type::object);
    for (const auto& [name, value] : values) data.set(name, value);
    return data;
}

}  // namespace

const std::vector<std::string>& GatewayBody::variables() {
    static const std::vector<std::string> names{"address", "text", "key", "case_number", "kind", "service", "language"};
    return names;
}

Expected<GatewayBody> GatewayBody::parse(std::string_view text) {
    GatewayBody body;
    body.template_ = text;
    auto tmpl = parsed(body.template_);
    if (!tmpl.is_valid()) return unexpected(tmpl.error_message());
    std::map<std::string, std::string> nasty;
    for (const auto& name : variables()) nasty[name] = "\"},\\\n{" + name;
    const auto data = data_of(nasty);
    TemplateRecorder recorder(&data);
    const auto rendered = tmpl.render(recorder);
    if (!recorder.unknown.empty()) return unexpected("{{" + *recorder.unknown.begin() + "}} is not known");
    if (!recorder.used.contains("text")) return unexpected("does not use {{text}}");
    const auto document = nlohmann::json::parse(rendered, nullptr, false);
    if (document.is_discarded()) return unexpected("gives no JSON: values belong in quotes and in two braces");
    return body;
}

std::string GatewayBody::render(const std::map<std::string, std::string>& values) const {
    return parsed(template_).render(data_of(values));
}

}  // namespace guard::notifier
