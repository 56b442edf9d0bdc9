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

// Lines of at most `columns` columns; where the text has ends of lines, they stay.
std::string wrapped(const std::string& text, size_t columns) {
  std::string out;
  size_t column = 0;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find_first_of(" \n", at), text.size());
    const auto width = static_cast<size_t>(std::count_if(
        text.begin() + static_cast<ptrdiff_t>(at), text.begin() + static_cast<ptrdiff_t>(end),
        [](char byte) { return (byte & 0xc0) != 0x80; }));  // characters of UTF-8
    const bool first = column == 0;
    if (!first && column + 1 + width > columns) {
      out += '\n';
      column = 0;
    } else if (!first) {
      out += ' ';
      ++column;
    }
    out.append(text, at, end - at);
    column += width;
    if (end < text.size() && text[end] == '\n') {
      out += '\n';
      column = 0;
    }
    at = end + 1;
  }
  return out;
}

constexpr size_t kHelpColumns = 100;
constexpr size_t kHelpIndent = 34;

class Formatter : public CLI::Formatter {
 public:
  std::string make_option_desc(const CLI::Option* option) const override {
    return wrapped(CLI::Formatter::make_option_desc(option), kHelpColumns - kHelpIndent);
  }
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

// What the parser says of a value, in the words of silt's own messages; as it is where it has none.
std::string in_plain_words(std::string_view message) {
  const auto text_after = [&message](std::string_view mark) {
    const size_t at = message.find(mark);
    return at == message.npos ? std::string() : std::string(message.substr(at + mark.size()));
  };
  const size_t colon = message.find(": ");
  const std::string name(message.substr(0, colon == message.npos ? 0 : colon));
  const auto not_understood = [](const std::string& option, std::string_view value,
                                 const std::string& wanted) {
    return option + ' ' + in_quotes(value) + " is not understood (" + wanted + ')';
  };
  // "--format: xml not in {text,html}"
  if (const size_t at = message.find(" not in {"); at != message.npos && !name.empty()) {
    std::string choices = text_after(" not in {");
    choices.resize(choices.find_last_of('}') == choices.npos ? choices.size()
                                                             : choices.find_last_of('}'));
    for (size_t i = 0; (i = choices.find(',', i)) != choices.npos; i += 2)
      choices.insert(i + 1, " ");
    return not_understood(name, message.substr(colon + 2, at - colon - 2), choices);
  }
  // "--port: Value x not in range 1 to 65535"; "--top: Value x not in range 0.000000 to 1797….0"
  if (const size_t at = message.find(" not in range "); at != message.npos && !name.empty()) {
    const size_t value = message.find("Value ") + std::string_view("Value ").size();
    const std::string range = text_after(" not in range ");
    constexpr size_t kLongestRange = 30;
    return not_understood(name, message.substr(value, at - value),
                          range.size() > kLongestRange ? "a number, 0 or more" : range);
  }
  // "--output: 1 required FILE missing"
  if (const size_t at = message.find(" required "); at != message.npos && !name.empty()) {
    std::string wanted = text_after(" required ");
    if (wanted.ends_with(" missing")) {
      wanted.resize(wanted.size() - std::string_view(" missing").size());
      wanted.resize(std::min(wanted.find(':'), wanted.size()));
      return name + " needs a value" + (wanted.empty() ? "" : ": " + wanted);
    }
  }
  // "Could not convert: --jobs = x"
  if (const std::string rest = text_after("Could not convert: "); !rest.empty()) {
    const size_t equals = std::min(rest.find(" = "), rest.size());
    if (equals < rest.size()) {
      return not_understood(rest.substr(0, equals), std::string_view(rest).substr(equals + 3),
                            "a number");
    }
  }
  // "The following argument was not expected: -x"
  if (const std::string rest = text_after(" not expected: "); !rest.empty()) {
    return rest[0] == '-' ? "there is no option " + in_quotes(rest)
                          : in_quotes(rest) + " is more than is understood here";
  }
  return std::string(message);
}

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

void understand_help(const CLI::App& app, std::vector<std::string>& words) {
  if (words.empty()) {
    words = {"--help"};
  } else if (words[0] == "help") {
    words.erase(words.begin());
    // Of what is no command the parser says so.
    if (!words.empty() && words[0][0] != '-' && words[0] != "help" &&
        command_named(app, words[0]) == nullptr) {
      return;
    }
    std::erase(words, "help");
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
      std::vector<std::string> known = {"help", "--version"};
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
  if (command == nullptr) {
    for (const std::string& word : words) {
      if (word.size() > 1 && word[0] == '-') {
        return "there is no option " + in_quotes(word) + "; '" + help + "' lists them";
      }
    }
  }
  return in_plain_words(message) + "; try '" + help + "'";
}

void give_help_a_form(CLI::App& app) {
  const auto form = std::make_shared<Formatter>();
  form->column_width(kHelpIndent);
  app.formatter(form);
  for (CLI::App* command : app.get_subcommands([](CLI::App*) { return true; }))
    command->formatter(form);
}

}  // namespace silt::commands
