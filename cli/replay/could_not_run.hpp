// Why a replay cannot run or go on. The message has been made for people; replay() shows it and ends with code 2.
#pragma once

#include <fmt/format.h>

#include <string>
#include <utility>
#include <vector>

namespace guard::cli {

struct CouldNotRun {
    std::string message;
};

// The value of an Expected whose error is a list of messages, or a stop.
template <class Loaded>
auto value_or_stop(Loaded loaded) {
    if (!loaded) throw CouldNotRun{fmt::format("{}", fmt::join(loaded.error(), "\n"))};
    return std::move(*loaded);
}

}  // namespace guard::cli
