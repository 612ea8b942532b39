// mustache renders a missing variable as nothing; with this context it is known afterwards who asked for what. For the
// checks that templates undergo when they are loaded.
#pragma once

#include <kainjow/mustache.hpp>
#include <set>
#include <string>

namespace guard::notifier {

class TemplateRecorder final : public kainjow::mustache::context<std::string> {
  public:
    explicit TemplateRecorder(const kainjow::mustache::data* values) : context(values) {}

    const kainjow::mustache::data* get(const std::string& name) const override {
        const auto* value = context::get(name);
        (value != nullptr ? used : unknown).insert(name);
        return value;
    }
    const kainjow::mustache::data* get_partial(const std::string& name) const override {
        unknown.insert("> " + name);
        return nullptr;
    }

    mutable std::set<std::string> used, unknown;
};

}  // namespace guard::notifier
