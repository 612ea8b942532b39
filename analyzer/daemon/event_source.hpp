// Where the analyzer's events come from. The local spools are the first implementation; a message stream over several
// machines will be the second, and nothing above this interface may know which one it is. Used from one thread.
#pragma once

#include <map>
#include <string>

#include "event/login_event.hpp"

namespace guard::daemon {

class EventSource {
  public:
    virtual ~EventSource() = default;

    // The earliest event that is there now, or null. Valid until the next call of peek() or pop().
    [[nodiscard]] virtual const LoginEvent* peek() = 0;
    // Its effects were recorded before a restart: it is here only to bring back what the detectors remembered.
    [[nodiscard]] virtual bool already_recorded() const = 0;
    virtual void pop() = 0;
    // By name of the stream, what has to be committed with the effects of all events passed over.
    [[nodiscard]] virtual std::map<std::string, std::string> positions() const = 0;
};

}  // namespace guard::daemon
