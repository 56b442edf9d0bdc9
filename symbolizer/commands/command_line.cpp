// SPDX-License-Identifier: Apache-2.0
//
// See command_line.h. The parser does not know that what stands after the program is none of its
// business, so its words are taken away before it looks.

#include "symbolizer/commands/command_line.h"

#include <CLI/Error.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <memory>

#include "symbolizer/base/quote.h"

namespace silt::commands {
namespace {

const CLI::App* command_named(const CLI::App& app, const std::string& name) {
  const auto found =
      app.get_subcommands([&name](const CLI::App* command) { return command->get_name() == name; });
  return found.empty() ? nullptr : found.front();
}

// The subcommand that the words name, else nullptr.
const CLI::App* subcommand_of(const CLI::App& app, const std::vector<std::string>& words) {
  for (const std::string& word : words) {
    if (word.empty() || word[0] == '-') continue;
    return command_named(app, word);
  }
  return nullptr;
}

// Whether the word after this option is its value.
bool takes_next_word(const CLI::App& command, const std::string& word) {
  if (word.find('=') != std::string::npos) return false;
  const bool is_long = word.starts_with("--");
  if (!is_long && word.size() > 2) return false;  // -n5
  const CLI::Option* option = command.get_option_no_throw(word);
  return option != nullptr && option->get_items_expected_max() > 0;
}

class Formatter : public CLI::Formatter {
 public:
  std::string make_option_opts(const CLI::Option* option) const override {
    std::string text;
    if (!option->get_type_name().empty()) text += ' ' + plain(option->get_type_name());
    if (!option->get_default_str().empty()) text += " (" + option->get_default_str() + ')';
    if (option->get_expected_max() == CLI::detail::expected_max_vector_size) text += "...";
    if (option->get_required()) text += "  (needed)";
    return text;
  }
  // Without the {false} that the parser keeps beside a flag that switches off.
  std::string make_option_name(const CLI::Option* option, bool is_positional) const override {
    std::string name = CLI::Formatter::make_option_name(option, is_positional);
    for (const std::string_view mark : {"{false}", "{true}"}) {
      if (const size_t at = name.find(mark); at != std::string::npos) name.erase(at, mark.size());
    }
    return name;
  }

 private:
  // "TEXT:{text,html}" -> "text|html", "UINT:NONNEGATIVE" -> "NUMBER".
  static std::string plain(const std::string& type) {
    const size_t open = type.find('{');
    const size_t close = type.rfind('}');
    if (open != std::string::npos && close != std::string::npos && close > open) {
      std::string choices = type.substr(open + 1, close - open - 1);
      std::replace(choices.begin(), choices.end(), ',', '|');
      return choices;
    }
    const std::string name = type.substr(0, type.find(':'));
    return name == "UINT" || name == "INT" ? "NUMBER" : name;
  }
};

}  // namespace

ProgramCall take_program(const CLI::App& app, std::vector<std::string>& words) {
  ProgramCall call;
  if (words.empty() || (words[0] != "run" && words[0] != "soak")) return call;
  const CLI::App* const command = command_named(app, words[0]);
  if (command == nullptr) return call;
  for (size_t i = 1; i < words.size(); ++i) {
    const std::string& word = words[i];
    const bool mark = word == "--";
    if (!mark && word.size() > 1 && word[0] == '-') {
      if (takes_next_word(*command, word)) ++i;
      continue;
    }
    call.given = true;
    call.words.assign(words.begin() + static_cast<ptrdiff_t>(mark ? i + 1 : i), words.end());
    words.resize(i);
    break;
  }
  return call;
}

void understand_help(std::vector<std::string>& words) {
  if (words.empty()) {
    words = {"--help"};
  } else if (words[0] == "help") {
    words.erase(words.begin());
    words.emplace_back("--help");
  }
}

std::string nearest(std::string_view word, const std::vector<std::string>& known) {
  std::string best;
  size_t least = std::max<size_t>(1, word.size() / 3) + 1;
  for (const std::string& candidate : known) {
    // Rows of the table of distances between the beginnings of both words.
    std::vector<size_t> before, last(candidate.size() + 1), row(candidate.size() + 1);
    for (size_t j = 0; j <= candidate.size(); ++j) last[j] = j;
    for (size_t i = 1; i <= word.size(); ++i) {
      row[0] = i;
      for (size_t j = 1; j <= candidate.size(); ++j) {
        row[j] = std::min(
            {last[j] + 1, row[j - 1] + 1, last[j - 1] + (word[i - 1] == candidate[j - 1] ? 0 : 1)});
        if (i > 1 && j > 1 && word[i - 1] == candidate[j - 2] && word[i - 2] == candidate[j - 1]) {
          row[j] = std::min(row[j], before[j - 2] + 1);
        }
      }
      before = last;
      last = row;
    }
    if (last.back() < least) {
      least = last.back();
      best = candidate;
    }
  }
  return best;
}

std::string mistake_line(const CLI::App& app, const std::vector<std::string>& words,
                         std::string_view message) {
  const CLI::App* const command = subcommand_of(app, words);
  if (command == nullptr) {
    for (const std::string& word : words) {
      if (word.empty() || word[0] == '-') continue;
      std::vector<std::string> known = {"help"};
      for (const CLI::App* each : app.get_subcommands([](const CLI::App*) { return true; }))
        known.push_back(each->get_name());
      const std::string meant = nearest(word, known);
      return "there is no command " + in_quotes(word) +
             (meant.empty() ? "; 'silt help' lists them" : "; did you mean 'silt " + meant + "'?");
    }
  }
  const CLI::App& asked = command == nullptr ? app : *command;
  const std::string help =
      command == nullptr ? "silt --help" : "silt " + command->get_name() + " --help";
  std::vector<std::string> known;
  for (const CLI::Option* option : asked.get_options()) {
    for (const std::string& name : option->get_lnames()) known.push_back("--" + name);
  }
  for (const std::string& word : words) {
    const std::string name = word.substr(0, word.find('='));
    if (!name.starts_with("--") || name.size() < 4 || asked.get_option_no_throw(name) != nullptr)
      continue;
    const std::string meant = nearest(name, known);
    return "there is no option " + in_quotes(name) +
           (meant.empty() ? "; '" + help + "' lists them" : "; did you mean '" + meant + "'?");
  }
  return std::string(message) + "; try '" + help + "'";
}

void give_help_a_form(CLI::App& app) {
  const auto form = std::make_shared<Formatter>();
  form->column_width(34);
  app.formatter(form);
  for (CLI::App* command : app.get_subcommands([](CLI::App*) { return true; }))
    command->formatter(form);
}

}  // namespace silt::commands
