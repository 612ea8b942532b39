// Keeps a trouble that lasts from filling the log: one line a minute, with the number of those left out.
#pragma once

#include <spdlog/spdlog.h>

#include <chrono>
#include <string>
#include <string_view>

namespace guard::daemon {

class OnceAMinute {
  public:
    void warn(std::string_view text) {
        const auto now = std::chrono::steady_clock::now();
        if (said_ && now < last_ + std::chrono::minutes{1}) {
            ++left_out_;
            return;
        }
        spdlog::warn("{}{}", text, left_out_ == 0 ? "" : " repeated=" + std::to_string(left_out_));
        said_ = true;
        last_ = now;
        left_out_ = 0;
    }

  private:
    bool said_ = false;
    std::chrono::steady_clock::time_point last_{};
    std::uint64_t left_out_ = 0;
};

}  // namespace guard::daemon
