// The logs of FreeRADIUS of one line a login: the server's own log with `auth = yes` ("Login OK: [u1] (from client
// ...", "Login incorrect (reason): [u1] (from client ..."), and linelog, both as Debian delivers it and by the template
// of replay/README.md, which is the one to use: it alone has addresses, an exact time, and IDs that nothing in
// them can spoil. Files, syslog and the journal (log_prefix.hpp). Any thread.
//
// With auth_badpass or auth_goodpass the server writes "[u1/password]". So an ID ends at the first slash, and the rest
// is neither kept nor shown; an operator whose IDs hold a slash, and whose server logs no passwords, says so by the
// format "radius-slash".
#pragma once

#include "replay/formats/log_parser.hpp"
#include "replay/formats/log_prefix.hpp"

namespace guard::replay {

class RadiusLogParser final : public LogParser {
  public:
    // In a log that has both the server's own lines and those of linelog, both tell of the same attempts: each takes
    // its own and counts the others as repeated.
    enum class Variant : std::uint8_t { login, login_with_slash, linelog };
    explicit RadiusLogParser(Variant variant) : variant_(variant) {}

    [[nodiscard]] std::string_view name() const override;
    [[nodiscard]] std::size_t recognise(std::string_view beginning) const override;
    void parse(std::string_view chunk, ParsedChunk& out) const override;

  private:
    const Variant variant_;
};

}  // namespace guard::replay
