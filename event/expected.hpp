// What functions that read untrusted input return: a value, or the reason why there is none. No exception, nothing to
// forget: the types are [[nodiscard]]. The environment (SQL, sockets, disk) throws instead; see CONTRIBUTING.md.
#pragma once

#include <string>
#include <tl/expected.hpp>

namespace guard {

template <class Value, class Error = std::string>
using Expected = tl::expected<Value, Error>;

template <class Error>
auto unexpected(Error error) {
    return tl::unexpected<Error>(std::move(error));
}
inline auto unexpected(const char* message) {
    return tl::unexpected<std::string>(message);
}

}  // namespace guard
