#include "replay/database_source.hpp"

#include <algorithm>
#include <array>
#include <pqxx/pqxx>
#include <string_view>

#include "event/text.hpp"
#include "replay/event_stream.hpp"
#include "sql/connection.hpp"

namespace guard::replay {
namespace {

constexpr std::string_view kScheme = "postgresql:";
constexpr std::array<std::string_view, 10> kColumns = {
    "username",     "reply",           "authdate",          "acctstarttime",    "acctupdatetime",
    "acctstoptime", "framedipaddress", "framedipv6address", "framedipv6prefix", "delegatedipv6prefix"};
constexpr const char* kFetch = "FETCH 5000 FROM rows";

std::string connection_string(const std::string& input) {
    return input.starts_with("postgresql://") ? input : input.substr(kScheme.size());
}

// Columns that an event needs, that the table has and that this role may read, in the order of kColumns.
std::vector<std::string> columns_of(pqxx::transaction_base& transaction, const std::string& table) {
    const auto found = transaction.exec_params(
        "SELECT attname FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped "
        "AND has_column_privilege(attrelid, attnum, 'SELECT')",
        table);
    std::vector<std::string> columns;
    for (const std::string_view wanted : kColumns)
        for (const auto& row : found)
            if (row[0].c_str() == wanted) columns.emplace_back(wanted);
    return columns;
}

std::string joined(const std::vector<std::string>& texts) {
    std::string result;
    for (const std::string& text : texts) result.append(result.empty() ? "" : ",").append(text);
    return result;
}

void append_cell(std::string& line, const pqxx::field& field) {
    if (field.is_null()) return;
    line += '"';
    for (const char* at = field.c_str(); at != field.c_str() + field.size(); ++at) line.append(*at == '"' ? 2 : 1, *at);
    line += '"';
}

class TableSource final : public ByteSource {
  public:
    // Throws what libpqxx throws, and std::runtime_error.
    TableSource(const std::string& input, const std::string& table) : name_(database_name(table)) {
        config::Settings settings;
        settings.database = connection_string(input);
        connection_ = sql::connect(settings, "guardctl replay");
        transaction_ = std::make_unique<pqxx::read_transaction>(*connection_);
        transaction_->exec("SET LOCAL datestyle = 'ISO, YMD'");
        transaction_->exec("SET LOCAL synchronize_seqscans = off");  // a row that stays has the same number tomorrow
        // As PostgreSQL writes it, with the quotes it needs.
        const std::string quoted = transaction_->exec_params1("SELECT $1::regclass::text", table)[0].as<std::string>();
        const auto columns = columns_of(*transaction_, table);
        const auto has = [&](std::string_view column) {
            return std::find(columns.begin(), columns.end(), column) != columns.end();
        };
        if (!has("username") || (!has("acctstarttime") && !(has("reply") && has("authdate"))))
            throw std::runtime_error(
                "found no columns username and acctstarttime, or username, reply and authdate, that "
                "this role may read; expected a table like radacct or radpostauth");
        const std::string list = joined(columns);
        // In any order: the rows are sorted here (RowSorter), and not at the cost of the server that logins wait for.
        transaction_->exec("DECLARE rows NO SCROLL CURSOR FOR SELECT " + list + " FROM " + quoted);
        rest_ = list + '\n';
    }

    std::size_t read(std::span<char> to) override {
        std::size_t filled = 0;
        while (filled < to.size()) {
            if (given_ == rest_.size() && !fetch()) break;
            const std::size_t count = std::min(rest_.size() - given_, to.size() - filled);
            std::copy_n(rest_.data() + given_, count, to.data() + filled);
            given_ += count;
            filled += count;
        }
        bytes_.fetch_add(filled, std::memory_order_relaxed);
        return filled;
    }
    std::uint64_t bytes() const override { return bytes_.load(std::memory_order_relaxed); }

  private:
    // False: there are no more rows.
    bool fetch() {
        rest_.clear();
        given_ = 0;
        if (at_end_) return false;
        try {
            const auto rows = transaction_->exec(kFetch);
            at_end_ = rows.empty();
            for (const auto& row : rows) {
                for (const auto& field : row) {
                    if (field.num() > 0) rest_ += ',';
                    append_cell(rest_, field);
                }
                rest_ += '\n';
            }
        } catch (const std::exception& error) {
            throw ReadError(name_ + ": cannot be read on: " + in_quotes(error.what()));
        }
        return !at_end_;
    }

    const std::string name_;
    std::unique_ptr<pqxx::connection> connection_;
    std::unique_ptr<pqxx::read_transaction> transaction_;
    std::string rest_;
    std::size_t given_ = 0;
    bool at_end_ = false;
    std::atomic<std::uint64_t> bytes_{0};
};

}  // namespace

bool is_database(const std::string& input) {
    return input.starts_with(kScheme);
}

std::string database_name(const std::string& table) {
    return "table " + table;
}

Expected<OpenedFile> open_table(const std::string& input, const std::string& table) {
    OpenedFile opened;
    try {
        opened.source = std::make_unique<TableSource>(input, table);
    } catch (const std::exception& error) {
        return unexpected(database_name(table) + ": " + error.what());
    }
    return opened;
}

}  // namespace guard::replay
