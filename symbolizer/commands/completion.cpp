// SPDX-License-Identifier: Apache-2.0
//
// `silt completion SHELL`: what a shell needs to complete silt's commands, options and their
// values, made from the very definitions that parse them.

#include <CLI/CLI.hpp>
#include <CLI/Validators.hpp>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "symbolizer/commands/command.h"

namespace silt::commands {
namespace {

std::vector<const CLI::App*> commands_of(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App*) { return true; });
}

std::vector<std::string> words_of(const CLI::Option& option) {
  std::vector<std::string> words;
  for (const std::string& name : option.get_lnames()) words.push_back("--" + name);
  for (const std::string& name : option.get_snames()) words.push_back("-" + name);
  return words;
}

// What stands in braces behind an option that takes one of a few words, a space between.
std::string choices_of(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  const size_t open = type.find('{');
  const size_t close = type.rfind('}');
  if (open == std::string::npos || close == std::string::npos || close < open) return "";
  std::string choices = type.substr(open + 1, close - open - 1);
  for (char& c : choices) {
    if (c == ',') c = ' ';
  }
  return choices;
}

// Single quotes around text for a shell; what would end them is left out.
std::string shell_quoted(const std::string& text) {
  std::string result = "'";
  for (const char c : text) {
    if (c != '\'' && c != '\n') result += c;
  }
  return result + "'";
}

void print_bash(const CLI::App& app) {
  std::string names;
  for (const CLI::App* command : commands_of(app)) names += command->get_name() + ' ';
  std::printf(
      "_silt() {\n"
      "  local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}\n"
      "  if [ \"$COMP_CWORD\" = 1 ]; then\n"
      "    COMPREPLY=($(compgen -W '%shelp --help --version' -- \"$current\"))\n"
      "    return\n"
      "  fi\n"
      "  case ${COMP_WORDS[1]}:$before in\n",
      names.c_str());
  for (const CLI::App* command : commands_of(app)) {
    for (const CLI::Option* option : command->get_options()) {
      const std::string choices = choices_of(*option);
      if (choices.empty()) continue;
      for (const std::string& word : words_of(*option)) {
        std::printf("    %s:%s) COMPREPLY=($(compgen -W '%s' -- \"$current\")); return ;;\n",
                    command->get_name().c_str(), word.c_str(), choices.c_str());
      }
    }
  }
  std::printf("  esac\n  local options=\n  case ${COMP_WORDS[1]} in\n");
  for (const CLI::App* command : commands_of(app)) {
    std::string words;
    for (const CLI::Option* option : command->get_options()) {
      for (const std::string& word : words_of(*option)) words += word + ' ';
    }
    std::printf("    %s) options='%s' ;;\n", command->get_name().c_str(), words.c_str());
  }
  std::printf(
      "    help) options='%s' ;;\n"
      "  esac\n"
      "  case $current in\n"
      "    -*) COMPREPLY=($(compgen -W \"$options\" -- \"$current\")) ;;\n"
      "    *) [ \"${COMP_WORDS[1]}\" = help ] && COMPREPLY=($(compgen -W \"$options\" -- "
      "\"$current\")) ;;\n"
      "  esac\n"
      "}\n"
      "complete -o default -F _silt silt\n",
      names.c_str());
}

void print_zsh(const CLI::App& app) {
  std::printf("#compdef silt\n_silt() {\n  if (( CURRENT == 2 )); then\n    local -a commands=(\n");
  for (const CLI::App* command : commands_of(app)) {
    std::printf("      %s\n",
                shell_quoted(command->get_name() + ':' + command->get_description()).c_str());
  }
  std::printf("    )\n    _describe command commands\n    return\n  fi\n  case $words[2] in\n");
  for (const CLI::App* command : commands_of(app)) {
    std::printf("    %s) _arguments", command->get_name().c_str());
    for (const CLI::Option* option : command->get_options()) {
      for (const std::string& word : words_of(*option)) {
        std::string text = word + '[';
        for (const char c : option->get_description()) {
          if (c == '[' || c == ']' || c == ':') continue;
          text += c;
        }
        text += ']';
        const std::string choices = choices_of(*option);
        if (!choices.empty()) {
          text += ":value:(" + choices + ')';
        } else if (option->get_items_expected_max() > 0) {
          text += ":value:_files";
        }
        std::printf(" \\\n      %s", shell_quoted(text).c_str());
      }
    }
    std::printf(" \\\n      '*:file:_files' ;;\n");
  }
  std::printf("  esac\n}\n_silt \"$@\"\n");
}

void print_fish(const CLI::App& app) {
  for (const CLI::App* command : commands_of(app)) {
    std::printf("complete -c silt -n __fish_use_subcommand -f -a %s -d %s\n",
                command->get_name().c_str(), shell_quoted(command->get_description()).c_str());
    for (const CLI::Option* option : command->get_options()) {
      std::string line =
          "complete -c silt -n '__fish_seen_subcommand_from " + command->get_name() + "'";
      if (words_of(*option).empty()) continue;
      for (const std::string& name : option->get_lnames()) line += " -l " + name;
      for (const std::string& name : option->get_snames()) line += " -s " + name;
      if (option->get_items_expected_max() > 0) line += " -r";
      const std::string choices = choices_of(*option);
      if (!choices.empty()) line += " -f -a " + shell_quoted(choices);
      std::printf("%s -d %s\n", line.c_str(), shell_quoted(option->get_description()).c_str());
    }
  }
}

}  // namespace

void register_completion(CLI::App& app) {
  const auto shell = std::make_shared<std::string>();
  CLI::App* command =
      app.add_subcommand("completion", "print what a shell needs to complete silt's words");
  command->add_option("SHELL", *shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  command->footer(
      "Examples:\n"
      "  source <(silt completion bash)\n"
      "  silt completion fish > ~/.config/fish/completions/silt.fish\n"
      "\n"
      "Exit status: 0 done; 2 usage.");
  command->callback([shell, &app] {
    if (*shell == "bash") print_bash(app);
    if (*shell == "zsh") print_zsh(app);
    if (*shell == "fish") print_fish(app);
  });
}

}  // namespace silt::commands
