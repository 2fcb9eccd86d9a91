#include "flow_source.h"

#include <fmt/format.h>

#include <optional>

#include "sql_reader.h"

namespace dfc {

namespace {

using Field = KeyTerm::Field;

// Ports of clients have no index of their own. Those among so many of the newest flows that are at
// least one in a hundred are found by time; others in the index of server ports, read whole, which
// is a tenth of the table.
constexpr uint64_t kFlowsSampled = 5'000;
constexpr uint64_t kFrequentShare = 100;
// What is first sorted, or gathered from two indexes, is keys alone, and so many of them.
constexpr uint64_t kKeysMax = 10'000;

constexpr const char* kSensorJoin = " LEFT JOIN sensor s ON s.sensor_id = f.sensor_id";

struct Way {
  const char* column;
  const char* index;
};
constexpr Way kByClient{"f.client", "flow_client"};
constexpr Way kByServer{"f.server", "flow_server"};
constexpr Way kByServerPort{"f.server_port", "flow_server_port"};

std::vector<Way> WaysOf(Field field) {
  switch (field) {
    case Field::kClient:
      return {kByClient};
    case Field::kServer:
      return {kByServer};
    case Field::kHost:
      return {kByClient, kByServer};
    case Field::kServerPort:
      return {kByServerPort};
    case Field::kProtocol:
    case Field::kClientPort:
    case Field::kPort:
    case Field::kAbout:
      break;
  }
  return {};
}

bool IsPort(Field field) { return field == Field::kClientPort || field == Field::kPort; }

void Append(const std::vector<SqlValue>& from, std::vector<SqlValue>& to) {
  to.insert(to.end(), from.begin(), from.end());
}

std::string Condition(const char* column, const KeyTerm& term, std::vector<SqlValue>& values) {
  values.push_back(term.low);
  if (term.is_one) return fmt::format("{} = ?", column);
  values.push_back(term.high);
  return fmt::format("{} BETWEEN ? AND ?", column);
}

// Of a port of either side, or of the client's, within the index of server ports.
std::string PortCondition(const KeyTerm& term, std::vector<SqlValue>& values) {
  std::string text = Condition("f.client_port", term, values);
  if (term.field == Field::kPort)
    text += fmt::format(" OR {}", Condition("f.server_port", term, values));
  return text;
}

class Chooser {
 public:
  Chooser(SqlConnection& connection, const SqlFilter& filter, const FlowOrder& order, uint64_t few)
      : connection_(connection), filter_(filter), order_(order), few_(few) {}

  absl::StatusOr<FlowSource> Choose() const {
    DFC_ASSIGN_OR_RETURN(FlowSource source, ChooseWay());
    if (order_.text.empty() || order_.limit > kKeysMax) return source;
    const bool is_read_through = !source.is_keys && !filter_.where.empty();
    return is_read_through || !order_.is_by_time ? FirstOf(source) : source;
  }

 private:
  absl::StatusOr<FlowSource> ChooseWay() const {
    DFC_ASSIGN_OR_RETURN(const bool has_indexes, connection_.HasFlowIndexes());
    if (!has_indexes) return Along("");
    const KeyTerm* fewest = nullptr;
    uint64_t least = few_ + 1;
    for (const KeyTerm& term : filter_.key_terms) {
      DFC_ASSIGN_OR_RETURN(const uint64_t flows, CountSome(term));
      if (flows >= least) continue;
      least = flows;
      fewest = &term;
    }
    if (fewest != nullptr && IsInOrder(*fewest)) return ByTime(*fewest);
    if (fewest != nullptr) return ByKeysOf(*fewest);
    for (const KeyTerm& term : filter_.key_terms) {
      if (IsInOrder(term)) return ByTime(term);
    }
    DFC_ASSIGN_OR_RETURN(const KeyTerm* const rare_port, FindRarePort());
    return rare_port != nullptr ? ByKeysOf(*rare_port) : Along(connection_.ByKey());
  }

  // Up to few_ + 1 and, of two ways, what the other one has; that many where the term has no index.
  absl::StatusOr<uint64_t> CountSome(const KeyTerm& term) const {
    const std::vector<Way> ways = WaysOf(term.field);
    uint64_t flows = ways.empty() ? few_ + 1 : 0;
    for (const Way& way : ways) {
      if (flows > few_) break;
      std::vector<SqlValue> values;
      const std::string condition = Condition(way.column, term, values);
      values.emplace_back(few_ + 1);
      DFC_ASSIGN_OR_RETURN(
          const uint64_t found,
          Number(fmt::format("SELECT COUNT(*) FROM (SELECT 1 FROM flow f{} WHERE {} LIMIT ?) k",
                             connection_.ByIndex(way.index), condition),
                 values));
      flows += found;
    }
    return flows;
  }

  absl::StatusOr<const KeyTerm*> FindRarePort() const {
    for (const KeyTerm& term : filter_.key_terms) {
      if (!IsPort(term.field) || !term.is_one) continue;
      std::vector<SqlValue> values = {kFlowsSampled};
      const std::string condition = PortCondition(term, values);
      DFC_ASSIGN_OR_RETURN(
          const uint64_t found,
          Number(fmt::format("SELECT COUNT(*) FROM (SELECT f.client_port, f.server_port FROM flow f"
                             "{} ORDER BY f.t_start DESC LIMIT ?) f WHERE {}",
                             connection_.ByKey(), condition),
                 values));
      if (found * kFrequentShare < kFlowsSampled) return &term;
    }
    return nullptr;
  }

  // The whole table, in the order of an index.
  FlowSource Along(const std::string& hint) const {
    return {fmt::format(" FROM flow f{}{}{}", hint, kSensorJoin, filter_.where), filter_.values,
            false};
  }

  FlowSource WithKeys(const std::string& keys, const std::string& where) const {
    return {FlowsOfKeys(connection_, keys, where), {}, false};
  }

  // Whole rows, carried through a sort, or read only to be left out, cost five times as much as the
  // columns that decide.
  FlowSource FirstOf(const FlowSource& all) const {
    const std::string keys =
        fmt::format("SELECT f.t_start, f.flow_hash{}{} LIMIT ?", all.text, order_.text);
    FlowSource source = WithKeys(keys, "");
    source.values = all.values;
    source.values.emplace_back(order_.limit);
    return source;
  }

  FlowSource ByKeysOf(const KeyTerm& term) const {
    std::vector<SqlValue> values;
    std::string keys;
    constexpr const char* kSelect = "SELECT f.t_start, f.flow_hash FROM flow f{} WHERE {}";
    if (IsPort(term.field)) {
      keys = fmt::format(fmt::runtime(kSelect), connection_.ByIndex(kByServerPort.index),
                         PortCondition(term, values));
    }
    for (const Way& way : WaysOf(term.field)) {
      if (!keys.empty()) keys += " UNION ";
      keys += fmt::format(fmt::runtime(kSelect), connection_.ByIndex(way.index),
                          Condition(way.column, term, values));
    }
    FlowSource source = WithKeys(keys, filter_.where);
    source.is_keys = true;
    Append(values, source.values);
    Append(filter_.values, source.values);
    return source;
  }

  // An index whose first column has one value has its flows in the order of time.
  bool IsInOrder(const KeyTerm& term) const {
    const size_t ways = WaysOf(term.field).size();
    return order_.is_by_time && term.is_one && ways > 0 && (ways == 1 || order_.limit <= kKeysMax);
  }

  FlowSource ByTime(const KeyTerm& term) const {
    const std::vector<Way> ways = WaysOf(term.field);
    return ways.size() == 1 ? Along(connection_.ByIndex(ways.front().index)) : ByUnion(ways, term);
  }

  FlowSource ByUnion(const std::vector<Way>& ways, const KeyTerm& term) const {
    FlowSource source;
    std::string keys;
    for (size_t at = 0; at < ways.size(); ++at) {
      std::vector<SqlValue> values = filter_.values;
      const std::string condition = Condition(ways[at].column, term, values);
      values.emplace_back(order_.limit);
      keys += fmt::format(
          "{}SELECT k{}.t_start, k{}.flow_hash FROM (SELECT f.t_start, f.flow_hash FROM flow "
          "f{}{}{}"
          " AND {}{} LIMIT ?) k{}",
          at == 0 ? "" : " UNION ", at, at, connection_.ByIndex(ways[at].index), kSensorJoin,
          filter_.where, condition, order_.text, at);
      Append(values, source.values);
    }
    source.text = WithKeys(keys, "").text;
    source.is_keys = true;
    return source;
  }

  absl::StatusOr<uint64_t> Number(const std::string& sql,
                                  const std::vector<SqlValue>& values) const {
    DFC_ASSIGN_OR_RETURN(const auto cursor, connection_.Query(sql, values));
    DFC_ASSIGN_OR_RETURN(const bool found, cursor->Next());
    return found ? static_cast<uint64_t>(cursor->Integer(0)) : 0;
  }

  SqlConnection& connection_;
  const SqlFilter& filter_;
  const FlowOrder& order_;
  uint64_t few_;
};

}  // namespace

std::string FlowsOfKeys(SqlConnection& connection, const std::string& keys,
                        const std::string& where) {
  return fmt::format(
      " FROM ({}) k{}flow f{} ON f.t_start = k.t_start AND f.flow_hash = k.flow_hash{}{}", keys,
      connection.JoinInOrder(), connection.ByKey(), kSensorJoin, where);
}

absl::StatusOr<FlowSource> ChooseFlowSource(SqlConnection& connection, const SqlFilter& filter,
                                            const FlowOrder& order, uint64_t few) {
  return Chooser(connection, filter, order, few).Choose();
}

}  // namespace dfc
