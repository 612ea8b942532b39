#include "replay/malformed_line.hpp"

namespace guard::replay {

std::string MalformedLine::to_string() const {
    return file + ':' + std::to_string(line) + ": found " + found + ", expected " + expected;
}

}  // namespace guard::replay
