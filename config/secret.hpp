// A secret that cannot be printed or copied by accident, and that is wiped from memory when it goes.
#pragma once

#include <string.h>

#include <string>
#include <string_view>
#include <utility>

namespace guard::config {

class Secret {
  public:
    Secret() = default;
    explicit Secret(std::string text) : text_(std::move(text)) {}
    Secret(Secret&& other) noexcept : text_(other.text_) { other.wipe(); }
    Secret& operator=(Secret&& other) noexcept {
        if (this != &other) {
            wipe();
            text_ = other.text_;
            other.wipe();
        }
        return *this;
    }
    Secret(const Secret&) = delete;
    Secret& operator=(const Secret&) = delete;
    ~Secret() { wipe(); }

    // The one way to it: for the cryptography that needs it.
    [[nodiscard]] std::string_view reveal() const { return text_; }

  private:
    void wipe() {
        explicit_bzero(text_.data(), text_.size());
        text_.clear();
    }
    std::string text_;
};

}  // namespace guard::config
