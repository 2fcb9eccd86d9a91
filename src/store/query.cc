#include "query.h"

#include <fmt/format.h>

#include "query_terms.h"

namespace dfc {

namespace {

// Nobody types more; a machine that does gets told.
constexpr size_t kTermsMax = 256;
constexpr size_t kDepthMax = 32;

bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool EndsWord(char c) { return IsSpace(c) || c == ',' || c == ')'; }

absl::Status Mistake(size_t at, std::string_view what) {
  return absl::InvalidArgumentError(fmt::format("column {}: {}", at + 1, what));
}

// Descends through the grammar; each method takes its part of the text and returns the condition.
class QueryParser {
 public:
  QueryParser(std::string_view text, TermContext& context) : text_(text), context_(context) {}

  // Everything, to the end; "" for nothing.
  absl::StatusOr<std::string> Parse();
  // Those that stand alone: not negated, no alternatives, in no brackets.
  size_t terms() const { return terms_; }
  std::vector<KeyTerm> TakeKeyTerms() { return std::move(key_terms_); }

 private:
  struct Joined {
    std::string text;
    size_t parts;
  };

  absl::StatusOr<Joined> ParseOr();
  absl::StatusOr<Joined> ParseAnd();
  absl::StatusOr<std::string> ParseNot();
  absl::StatusOr<std::string> ParseBrackets();
  absl::StatusOr<std::string> ParseTerm();
  absl::StatusOr<std::string_view> TakeValue(std::string_view field);
  bool TakeOperator(std::string_view word, std::string_view sign);
  bool EndsAnd();

  std::string_view TakeUntil(auto stops) {
    const size_t begin = at_;
    while (at_ < text_.size() && !stops(text_[at_])) ++at_;
    return text_.substr(begin, at_ - begin);
  }
  void SkipSpace() {
    (void)TakeUntil([](char c) { return !IsSpace(c); });
  }
  bool AtEnd() const { return at_ == text_.size(); }

  std::string_view text_;
  TermContext& context_;
  size_t at_ = 0;
  size_t terms_ = 0;
  size_t depth_ = 0;
  std::vector<KeyTerm> key_terms_;
};

// "or" as a word of its own, in either case, or "||".
bool QueryParser::TakeOperator(std::string_view word, std::string_view sign) {
  const std::string_view rest = text_.substr(at_);
  if (!sign.empty() && rest.starts_with(sign)) {
    at_ += sign.size();
    return true;
  }
  if (rest.size() < word.size()) return false;
  for (size_t at = 0; at < word.size(); ++at) {
    if (rest[at] != word[at] && rest[at] != word[at] - 'a' + 'A') return false;
  }
  const bool ends = rest.size() == word.size() || IsSpace(rest[word.size()]) ||
                    rest[word.size()] == '(' || rest[word.size()] == ')';
  if (ends) at_ += word.size();
  return ends;
}

absl::StatusOr<std::string> QueryParser::Parse() {
  SkipSpace();
  if (AtEnd()) return std::string();
  DFC_ASSIGN_OR_RETURN(const Joined all, ParseOr());
  if (!AtEnd()) return Mistake(at_, "there is no bracket that this one closes");
  return all.text;
}

absl::StatusOr<QueryParser::Joined> QueryParser::ParseOr() {
  DFC_ASSIGN_OR_RETURN(Joined all, ParseAnd());
  size_t alternatives = 1;
  for (SkipSpace(); TakeOperator("or", "||"); SkipSpace()) {
    DFC_ASSIGN_OR_RETURN(const Joined next, ParseAnd());
    if (alternatives == 1) all.text = fmt::format("({})", all.text);
    all.text += fmt::format(" OR ({})", next.text);
    ++alternatives;
  }
  // To stand among conditions that must all hold.
  if (alternatives > 1) all = {fmt::format("({})", all.text), 1};
  if (alternatives > 1 && depth_ == 0) key_terms_.clear();
  return all;
}

// Whether nothing more that must hold, too, follows here.
bool QueryParser::EndsAnd() {
  if (AtEnd() || text_[at_] == ')') return true;
  const size_t at = at_;
  const bool is_or = TakeOperator("or", "||");
  at_ = at;
  return is_or;
}

absl::StatusOr<QueryParser::Joined> QueryParser::ParseAnd() {
  Joined all{"", 0};
  do {
    DFC_ASSIGN_OR_RETURN(const std::string next, ParseNot());
    all.text += fmt::format("{}{}", all.parts == 0 ? "" : " AND ", next);
    ++all.parts;
    SkipSpace();
    if (TakeOperator("and", "&&")) {
      SkipSpace();
      if (EndsAnd()) return Mistake(at_, "a term must follow 'and'");
    }
  } while (!EndsAnd());
  return all;
}

absl::StatusOr<std::string> QueryParser::ParseNot() {
  bool negated = false;
  for (SkipSpace(); !AtEnd(); SkipSpace()) {
    const bool is_sign = text_[at_] == '-' || text_[at_] == '!';
    if (is_sign) {
      ++at_;
    } else if (!TakeOperator("not", "")) {
      break;
    }
    negated = !negated;
  }
  const bool is_bracket = !AtEnd() && text_[at_] == '(';
  DFC_ASSIGN_OR_RETURN(const std::string positive, is_bracket ? ParseBrackets() : ParseTerm());
  const bool is_key = !is_bracket && !negated && depth_ == 0 && context_.key_term;
  if (is_key) key_terms_.push_back(*context_.key_term);
  return negated ? fmt::format("NOT {}", positive) : positive;
}

absl::StatusOr<std::string> QueryParser::ParseBrackets() {
  const size_t open_at = at_++;
  if (++depth_ > kDepthMax) {
    return Mistake(open_at, fmt::format("brackets go at most {} deep", kDepthMax));
  }
  DFC_ASSIGN_OR_RETURN(const Joined inside, ParseOr());
  if (AtEnd()) return Mistake(open_at, "the bracket is not closed");
  ++at_;  // Only a closing bracket ends ParseOr() before the end.
  --depth_;
  return fmt::format("({})", inside.text);
}

absl::StatusOr<std::string> QueryParser::ParseTerm() {
  const size_t field_at = at_;
  const std::string_view field =
      TakeUntil([](char c) { return c == ':' || c == '(' || EndsWord(c); });
  if (AtEnd() || text_[at_] != ':') {
    return Mistake(field_at, fmt::format("'{}' is no term; a term is field:value", field));
  }
  std::string condition;
  size_t alternatives = 0;
  do {
    ++at_;  // The colon, or the comma.
    if (++terms_ > kTermsMax) {
      return Mistake(field_at, fmt::format("a query has at most {} values", kTermsMax));
    }
    DFC_ASSIGN_OR_RETURN(const std::string_view value, TakeValue(field));
    context_.key_term.reset();
    const auto one = TermCondition(field, value, context_);
    if (!one.ok()) return Mistake(field_at, MessageOf(one.status()));
    condition += fmt::format("{}({})", alternatives == 0 ? "" : " OR ", *one);
    ++alternatives;
  } while (!AtEnd() && text_[at_] == ',');
  if (alternatives > 1) context_.key_term.reset();
  return alternatives == 1 ? condition : fmt::format("({})", condition);
}

absl::StatusOr<std::string_view> QueryParser::TakeValue(std::string_view field) {
  if (AtEnd() || text_[at_] != '"') {
    const std::string_view value = TakeUntil(EndsWord);
    if (!value.empty()) return value;
    return Mistake(at_, fmt::format("a value must follow '{}{}'", field, text_[at_ - 1]));
  }
  const size_t quote_at = at_++;
  const std::string_view value = TakeUntil([](char c) { return c == '"'; });
  if (AtEnd()) return Mistake(quote_at, "the quote is not closed");
  ++at_;
  if (value.empty()) return Mistake(quote_at, fmt::format("a value must follow '{}:'", field));
  return value;
}

}  // namespace

void SqlFilter::And(std::string_view condition) {
  where += fmt::format("{}({})", where.empty() ? " WHERE " : " AND ", condition);
}

absl::StatusOr<SqlFilter> ParseFilter(std::string_view filter, QueryScope scope, int64_t now_ns) {
  if (filter.size() > kQueryBytesMax) {
    return Mistake(kQueryBytesMax, fmt::format("a filter has at most {} bytes", kQueryBytesMax));
  }
  SqlFilter result;
  TermContext context{scope, now_ns, result.values};
  QueryParser parser(filter, context);
  DFC_ASSIGN_OR_RETURN(const std::string condition, parser.Parse());
  if (!condition.empty()) result.where = fmt::format(" WHERE {}", condition);
  result.key_terms = parser.TakeKeyTerms();
  result.terms = parser.terms();
  return result;
}

absl::Status CheckQuery(std::string_view query, QueryScope scope) {
  return ParseFilter(query, scope).status();
}

}  // namespace dfc
