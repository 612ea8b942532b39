// Writes docs/configuration.md: `cmake --build build/dev --target manual`.
#include <fstream>

#include "config/options.hpp"

int main(int count, char** arguments) {
    if (count != 2) return 2;
    std::ofstream file(arguments[1], std::ios::binary);
    file << guard::config::manual_markdown() << std::flush;
    return file ? 0 : 1;
}
