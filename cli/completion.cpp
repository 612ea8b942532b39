#include "cli/completion.hpp"

#include <CLI/CLI.hpp>

namespace guard::cli {
namespace {

// One case for each command: "'guardctl incidents') subcommands='list show' options='--help' ;;".
void add_cases(const CLI::App& app, const std::string& path, std::string& cases) {
    std::string subcommands, options, below;
    for (const CLI::App* subcommand : app.get_subcommands([](const CLI::App*) { return true; })) {
        subcommands += (subcommands.empty() ? "" : " ") + subcommand->get_name();
        add_cases(*subcommand, path + ' ' + subcommand->get_name(), below);
    }
    for (const CLI::Option* option : app.get_options())
        for (const std::string& name : option->get_lnames()) options += (options.empty() ? "--" : " --") + name;
    cases += "        '" + path + "') subcommands='" + subcommands + "' options='" + options + "' ;;\n" + below;
}

}  // namespace

std::string bash_completion(const CLI::App& app) {
    std::string cases;
    add_cases(app, app.get_name(), cases);
    return "# bash completion for guardctl, made by `guardctl completion`\n"
           "_guardctl_command() {\n"
           "    case \"$1\" in\n" +
           cases +
           "        *) return 1 ;;\n"
           "    esac\n"
           "}\n"
           "_guardctl() {\n"
           "    local current=${COMP_WORDS[COMP_CWORD]} command=guardctl subcommands options word\n"
           "    for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
           "        if _guardctl_command \"$command $word\"; then command=\"$command $word\"; fi\n"
           "    done\n"
           "    _guardctl_command \"$command\"\n"
           "    if [[ $current == -* ]]; then\n"
           "        COMPREPLY=($(compgen -W \"$options\" -- \"$current\"))\n"
           "    elif [[ $subcommands ]]; then\n"
           "        COMPREPLY=($(compgen -W \"$subcommands\" -- \"$current\"))\n"
           "    else\n"
           "        COMPREPLY=($(compgen -f -- \"$current\"))\n"
           "    fi\n"
           "}\n"
           "complete -o filenames -F _guardctl guardctl\n";
}

}  // namespace guard::cli
