#include "event/login_event.hpp"

#include <array>

namespace guard {
namespace {

constexpr std::array<std::pair<Service, std::string_view>, 2> kServices{
    {{Service::pppoe, "pppoe"}, {Service::smtp_auth, "smtp_auth"}}};
constexpr std::array<std::pair<Kind, std::string_view>, 5> kKinds{{{Kind::accept, "accept"},
                                                                   {Kind::reject, "reject"},
                                                                   {Kind::assign, "assign"},
                                                                   {Kind::alive, "alive"},
                                                                   {Kind::release, "release"}}};

template <class Table, class Value>
std::string_view name_of(const Table& table, Value value) {
    for (const auto& [candidate, name] : table)
        if (candidate == value) return name;
    return "unknown";
}

template <class Value, std::size_t N>
std::optional<Value> value_of(const std::array<std::pair<Value, std::string_view>, N>& table, std::string_view text) {
    for (const auto& [value, name] : table)
        if (name == text) return value;
    return std::nullopt;
}

}  // namespace

std::string_view to_string(Service service) {
    return name_of(kServices, service);
}
std::string_view to_string(Kind kind) {
    return name_of(kKinds, kind);
}
std::optional<Service> parse_service(std::string_view text) {
    return value_of(kServices, text);
}
std::optional<Kind> parse_kind(std::string_view text) {
    return value_of(kKinds, text);
}

}  // namespace guard
