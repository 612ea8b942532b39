// Runs a fuzz target on every file of its corpus, without libFuzzer: `fuzz_NAME DIRECTORY...`. Fails when there is no
// file, or when no file gets to a place the target counts: then the corpus no longer fits the format.
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include "tests/fuzz/fuzz.hpp"

namespace {

std::vector<std::uint8_t> bytes_of(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    file.exceptions(std::ios::badbit | std::ios::failbit);
    file.peek();
    file.exceptions(std::ios::badbit);
    return {std::istreambuf_iterator<char>(file), {}};
}

std::size_t run(const std::filesystem::path& path) {
    std::vector<std::filesystem::path> files{path};
    if (std::filesystem::is_directory(path)) {
        files.clear();
        for (const auto& entry : std::filesystem::directory_iterator(path)) files.push_back(entry.path());
    }
    for (const auto& file : files) {
        const auto bytes = bytes_of(file);
        std::fprintf(stderr, "%s\n", file.c_str());  // before the run: the last one printed is the one that crashed
        LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
    }
    return files.size();
}

}  // namespace

int main(int count, char** arguments) try {
    std::size_t files = 0;
    for (int i = 1; i < count; ++i) files += run(arguments[i]);
    if (files == 0) {
        std::fputs("no file to run\n", stderr);
        return EXIT_FAILURE;
    }
    if (count == 2 && !std::filesystem::is_directory(arguments[1])) return EXIT_SUCCESS;  // one input, to look at
    for (const guard::fuzz::Reached* reached : guard::fuzz::all_reached()) {
        if (reached->times() != 0) continue;
        std::fprintf(stderr, "no file reaches \"%s\"\n", reached->place());
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
} catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return EXIT_FAILURE;
}
