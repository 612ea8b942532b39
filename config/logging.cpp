#include "config/logging.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace guard::config {

void set_up_logging(const Settings& settings, std::string_view program) {
    auto logger = spdlog::stderr_logger_mt(std::string(program));
    logger->set_pattern("time=%Y-%m-%dT%H:%M:%S.%fZ level=%l program=%n %v", spdlog::pattern_time_type::utc);
    switch (settings.log_level) {
        case LogLevel::error:
            logger->set_level(spdlog::level::err);
            break;
        case LogLevel::warning:
            logger->set_level(spdlog::level::warn);
            break;
        case LogLevel::info:
            logger->set_level(spdlog::level::info);
            break;
        case LogLevel::debug:
            logger->set_level(spdlog::level::debug);
            break;
    }
    logger->flush_on(spdlog::level::debug);
    spdlog::set_default_logger(std::move(logger));
}

}  // namespace guard::config
