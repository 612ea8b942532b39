#include "notifier/channels/letter_folder.hpp"

#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <system_error>
#include <vector>

#include "event/descriptor.hpp"
#include "event/file.hpp"
#include "event/text.hpp"

namespace guard::notifier {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr unsigned kPrivate = 0600;
constexpr unsigned kForPrinting = 0640;  // the group is whoever fetches the batches
constexpr std::uint64_t kMaxJson = 1 << 20, kMaxPdf = 64 << 20;

// One process at a time; gone with the object.
class Lock {
  public:
    explicit Lock(const fs::path& directory)
        : file_(::open((directory / "lock").c_str(), O_CREAT | O_RDWR | O_CLOEXEC, kPrivate)) {
        if (!file_ || ::flock(file_.get(), LOCK_EX) != 0)
            throw std::system_error(errno, std::generic_category(), (directory / "lock").string());
    }

  private:
    Descriptor file_;
};

void write(const fs::path& path, const std::string& text, unsigned mode) {
    replace_file(path, {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}, mode);
}

std::string text_of(const fs::path& path, std::uint64_t limit) {
    const auto bytes = guard::read_file(path, limit);
    return {bytes.begin(), bytes.end()};
}

void sync_directory(const fs::path& directory) {
    const Descriptor descriptor(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (descriptor) ::fsync(descriptor.get());  // some file systems cannot: the renames are in order all the same
}

std::string sha256(std::string_view bytes) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1)
        throw std::runtime_error("SHA-256 cannot be computed");
    return hexadecimal({reinterpret_cast<const char*>(digest.data()), size});
}

bool is_harmless(char letter) {
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') || (letter >= '0' && letter <= '9') ||
           letter == '-' || letter == '_';
}

// For a field of the manifest.
std::string harmless(std::string text) {
    std::erase_if(text, [](char letter) { return !is_harmless(letter); });
    return text;
}

// A key as the name of a file: itself where that is harmless.
std::string file_name(const std::string& key) {
    return !key.empty() && key.size() <= 64 && std::ranges::all_of(key, is_harmless) ? key : "sha256_" + sha256(key);
}

std::vector<std::string> stems_in(const fs::path& directory, std::string_view extension) {
    std::vector<std::string> stems;
    for (const auto& entry : fs::directory_iterator(directory))
        if (entry.path().extension() == extension && entry.path().filename() != "merged.pdf")
            stems.push_back(entry.path().stem());
    std::ranges::sort(stems);
    return stems;
}

json to_json(const Letter& letter, const std::string& case_number) {
    return {{"case_number", case_number}, {"language", letter.language}, {"addressee", letter.addressee},
            {"date", letter.date},        {"title", letter.title},       {"body", letter.body}};
}

Letter letter_of(const json& document) {
    return {document.at("language"), document.at("addressee"), document.at("date"), document.at("title"),
            document.at("body")};
}

bool older(const fs::path& path, std::chrono::seconds keep, Time now) {
    std::error_code error;
    const auto written = fs::last_write_time(path, error);
    return !error && std::chrono::file_clock::to_sys(written) + keep < now;
}

fs::path free_name(const fs::path& directory, const std::string& stamp) {
    for (int i = 1;; ++i) {
        auto path = directory / (i == 1 ? stamp : stamp + "-" + std::to_string(i));
        if (!fs::exists(path)) return path;
    }
}

}  // namespace

LetterFolder::LetterFolder(fs::path directory) : directory_(std::move(directory)) {
    // Nobody else may look, whatever the umask; the group, inherited from the folder, fetches the batches. Not touched
    // when it is right already: a sandbox may refuse to set the set-group-ID bit that came with it.
    for (const char* name : {"letters", "batches", "done"}) {
        const auto path = directory_ / name;
        fs::create_directories(path);
        if ((fs::status(path).permissions() & fs::perms::others_all) != fs::perms::none)
            fs::permissions(path, fs::perms::others_all, fs::perm_options::remove);
    }
}

// The PDF is what makes a letter wait; it is written last.
bool LetterFolder::add(const std::string& key, const std::string& case_number, const Letter& letter,
                       const std::string& pdf) {
    const Lock lock(directory_);
    const auto name = file_name(key);
    const auto waiting = directory_ / "letters" / (name + ".pdf");
    if (fs::exists(waiting) || fs::exists(directory_ / "done" / name)) return false;
    write(directory_ / "letters" / (name + ".json"), to_json(letter, harmless(case_number)).dump(), kPrivate);
    write(waiting, pdf, kForPrinting);
    return true;
}

// A key is done before its letter moves, so it cannot be added again meanwhile; the next close() takes what a crash
// left behind, in both folders. What the merged PDF is made of stays until the batch has its name.
Batch LetterFolder::close(const LetterPrinter& printer, const LocalTime& local_time, Time now) {
    const Lock lock(directory_);
    const auto letters = directory_ / "letters", open = directory_ / "batches" / ".open";
    auto waiting = stems_in(letters, ".pdf");
    if (waiting.size() > kMaxBatch) waiting.resize(kMaxBatch);
    fs::create_directory(open);
    for (const auto& name : waiting) {
        write(directory_ / "done" / name, {}, kPrivate);
        fs::rename(letters / (name + ".pdf"), open / (name + ".pdf"));
    }
    Batch batch{{}, stems_in(open, ".pdf").size()};
    if (batch.letters == 0) return batch;
    sync_directory(letters);
    batch.path = free_name(directory_ / "batches", local_time.stamp(now));
    finish(printer, batch, now);
    for (const auto& name : stems_in(batch.path, ".pdf")) fs::remove(letters / (name + ".json"));
    return batch;
}

void LetterFolder::finish(const LetterPrinter& printer, const Batch& batch, Time now) {
    const auto open = directory_ / "batches" / ".open";
    const auto names = stems_in(open, ".pdf");
    std::vector<Letter> letters;
    std::vector<std::string> cases;
    for (const auto& name : names) {
        const auto document = json::parse(text_of(directory_ / "letters" / (name + ".json"), kMaxJson));
        letters.push_back(letter_of(document));
        cases.push_back(document.at("case_number"));
    }
    const auto merged = printer.print(letters, now);
    if (!merged) throw std::runtime_error(std::string("a batch cannot be printed: ") + to_string(merged.error()));
    std::string manifest = "number,file,case_number,pages,first_page,sha256\r\n";
    std::size_t page = 1;
    for (std::size_t i = 0; i < names.size(); ++i) {
        manifest += std::to_string(i + 1) + "," + names[i] + ".pdf," + cases[i] + "," +
                    std::to_string(merged->pages[i]) + "," + std::to_string(page) + "," +
                    sha256(text_of(open / (names[i] + ".pdf"), kMaxPdf)) + "\r\n";
        page += merged->pages[i];
    }
    manifest += "all,merged.pdf,," + std::to_string(page - 1) + ",1," + sha256(merged->pdf) + "\r\n";
    write(open / "merged.pdf", merged->pdf, kForPrinting);
    write(open / "manifest.csv", manifest, kForPrinting);
    fs::rename(open, batch.path);
    sync_directory(directory_ / "batches");
}

void LetterFolder::forget(std::chrono::seconds keep, Time now) {
    const Lock lock(directory_);
    // A crash may leave the text of a letter that is in a batch already.
    const auto letters = directory_ / "letters", open = directory_ / "batches" / ".open";
    for (const auto& name : stems_in(letters, ".json"))
        if (!fs::exists(letters / (name + ".pdf")) && !fs::exists(open / (name + ".pdf")))
            fs::remove(letters / (name + ".json"));
    for (const char* name : {"batches", "done"})
        for (const auto& entry : fs::directory_iterator(directory_ / name))
            if (entry.path().filename() != ".open" && older(entry.path(), keep, now)) fs::remove_all(entry.path());
}

Batch close_letter_batch(const config::LetterSettings& settings, const LocalTime& local_time, Time now) {
    LetterFolder folder(settings.directory);
    const LetterPrinter printer(settings);
    auto batch = folder.close(printer, local_time, now);
    folder.forget(settings.keep, now);
    return batch;
}

}  // namespace guard::notifier
