// Exports of the tables of FreeRADIUS, radacct (sessions) and radpostauth (attempts), as CSV (RFC 4180; comma,
// semicolon or tab) with a first line that names the columns, in any order. A row of radacct is up to three events:
// assign at acctstarttime, alive at acctupdatetime, release at acctstoptime. Columns that no event needs are skipped;
// the column `pass` is never looked at. Any thread.
#pragma once

#include <memory>

#include "replay/formats/log_parser.hpp"
#include "replay/formats/text_scan.hpp"

namespace guard::replay {

class CsvParser final : public LogParser {
  public:
    // By the line that names the columns, at the beginning of a file. None: it names neither table's.
    static std::shared_ptr<const CsvParser> for_file(std::string_view beginning);

    [[nodiscard]] std::string_view name() const override { return sessions_ ? "radacct" : "radpostauth"; }
    [[nodiscard]] bool in_order() const override { return false; }  // a table has no order
    [[nodiscard]] std::size_t recognise(std::string_view beginning) const override;
    [[nodiscard]] std::size_t whole_records(std::string_view bytes) const override;
    void parse(std::string_view chunk, ParsedChunk& out) const override;

  private:
    enum Column : std::uint8_t {
        user_name,
        reply,
        auth_date,
        start,
        update,
        stop,
        address,
        address6,
        prefix6,
        delegated6,
        columns,
        none = columns
    };
    using Values = std::array<std::string_view, columns>;

    CsvParser() = default;
    // Takes a row off `rest`. False: it is no row; `fault` says why.
    bool take_row(std::string_view& rest, Values& values, ParsedChunk& out, Fault& fault) const;
    void read_sessions(const Values& values, LogEvent& event, DayScanner& day, ParsedChunk& out) const;
    void read_attempt(const Values& values, LogEvent& event, DayScanner& day, ParsedChunk& out) const;

    bool sessions_ = false;
    char separator_ = ',';
    std::string header_;
    std::vector<Column> order_;  // of the columns of the file
};

}  // namespace guard::replay
