#include "config/logging.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace guard::config {

namespace {

spdlog::level::level_enum spdlog_level(LogLevel level) {
    switch (level) {
        case LogLevel::error:
            return spdlog::level::err;
        case LogLevel::warning:
            return spdlog::level::warn;
        case LogLevel::info:
            return spdlog::level::info;
        case LogLevel::debug:
            break;
    }
    return spdlog::level::debug;
}

}  // namespace

void set_up_logging(const Settings& settings, std::string_view program) {
    auto logger = spdlog::stderr_logger_mt(std::string(program));
    logger->set_pattern("time=%Y-%m-%dT%H:%M:%S.%fZ level=%l program=%n %v", spdlog::pattern_time_type::utc);
    logger->set_level(spdlog_level(settings.log_level));
    logger->flush_on(spdlog::level::debug);
    spdlog::set_default_logger(std::move(logger));
}

void set_log_level(LogLevel level) {
    spdlog::default_logger()->set_level(spdlog_level(level));
}

}  // namespace guard::config
