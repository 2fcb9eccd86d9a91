// What many flows are together: over time, by what they are, by who talks.
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>

#include "api.h"
#include "dfc/time.h"
#include "json.h"
#include "parameters.h"

namespace dfc {

namespace {

// Facets and talkers look at this many of the newest flows: about a tenth of a second's worth.
constexpr uint64_t kTalliesMax = 100'000;
constexpr uint64_t kFacetValuesDefault = 10;
constexpr uint64_t kFacetValuesMax = 100;
constexpr uint64_t kTalkersDefault = 20;
constexpr uint64_t kTalkersMax = 200;
constexpr uint64_t kBucketsDefault = 120;
constexpr uint64_t kBucketsMax = 1'000;

struct Sum {
  uint64_t flows = 0;
  uint64_t client_bytes = 0;
  uint64_t server_bytes = 0;
  uint64_t packets = 0;

  void Add(const TalliedFlow& flow) {
    ++flows;
    client_bytes += flow.client_bytes;
    server_bytes += flow.server_bytes;
    packets += flow.packets;
  }
  uint64_t bytes() const { return client_bytes + server_bytes; }
};

template <typename Key>
using Sums = std::map<Key, Sum>;

// The largest by `by`, at most `limit`, equal ones in the order of their keys.
template <typename Key, typename By>
std::vector<std::pair<Key, Sum>> Largest(const Sums<Key>& sums, uint64_t limit, By by) {
  std::vector<std::pair<Key, Sum>> rows(sums.begin(), sums.end());
  const auto kept = static_cast<ptrdiff_t>(std::min<uint64_t>(limit, rows.size()));
  const auto larger = [&](const auto& a, const auto& b) {
    const auto left = by(a.second), right = by(b.second);
    return left != right ? left > right : a.first < b.first;
  };
  std::partial_sort(rows.begin(), rows.begin() + kept, rows.end(), larger);
  rows.resize(static_cast<size_t>(kept));
  return rows;
}

// Reads at most kTalliesMax flows of the query and writes how many they were.
absl::Status Count(const ApiCall& call, Json& json,
                   const std::function<void(const TalliedFlow&)>& each) {
  DFC_ASSIGN_OR_RETURN(FlowQuery query, QueryParameters(call.request, call.now_ns));
  query.limit = kTalliesMax + 1;
  uint64_t flows = 0;
  DFC_RETURN_IF_ERROR(call.reader.Tallies(query, [&](const TalliedFlow& flow) {
    if (++flows <= kTalliesMax) each(flow);
  }));
  json.Count("considered", std::min(flows, kTalliesMax));
  json.Flag("complete", flows <= kTalliesMax);
  return absl::OkStatus();
}

struct FacetSums {
  Sums<uint8_t> protocols;
  Sums<uint16_t> ports;
  Sums<IpAddress> clients;
  Sums<IpAddress> servers;
  Sums<FlowState> states;
  Sums<uint16_t> flags;
  Sums<std::string> sensors;

  void Add(const TalliedFlow& flow) {
    protocols[flow.protocol].Add(flow);
    if (HasPorts(flow.protocol)) ports[flow.server_port].Add(flow);
    clients[flow.client].Add(flow);
    servers[flow.server].Add(flow);
    states[flow.state].Add(flow);
    for (uint16_t bits = flow.flags; bits != 0; bits = static_cast<uint16_t>(bits & (bits - 1))) {
      flags[static_cast<uint16_t>(bits & -bits)].Add(flow);
    }
    sensors[flow.sensor].Add(flow);
  }
};

template <typename Key, typename Name>
void WriteFacet(const char* field, const Sums<Key>& sums, uint64_t limit, Name name, Json& json) {
  const auto rows = Largest(sums, limit, [](const Sum& sum) { return sum.flows; });
  json.BeginObject();
  json.Text("field", field);
  json.Key("values").BeginArray();
  for (const auto& [key, sum] : rows) {
    const std::string value = name(key);
    json.BeginObject();
    json.Text("value", value);
    json.Text("term", fmt::format("{}:{}", field, QuoteValue(value)));
    json.Count("flows", sum.flows);
    json.Count("bytes", sum.bytes());
    json.EndObject();
  }
  json.EndArray();
  json.Count("others", sums.size() - rows.size());
  json.EndObject();
}

// Facts of protocols that have one name in the answer; what has none is "other".
std::string SeriesName(uint8_t protocol) {
  if (HasPorts(protocol) || IsIcmp(protocol)) return ProtocolName(protocol);
  return "other";
}

// From the first flow of the query to behind its last, where the query has no ends of its own.
absl::Status FindEnds(Reader& reader, FlowQuery& query) {
  if (query.from_ns && query.to_ns) return absl::OkStatus();
  DFC_ASSIGN_OR_RETURN(const TimeSpan span, reader.Span(query));
  const bool is_empty = span.last_ns < span.first_ns;
  if (!query.from_ns) query.from_ns = is_empty ? query.to_ns.value_or(query.now_ns) : span.first_ns;
  if (!query.to_ns) query.to_ns = is_empty ? *query.from_ns : span.last_ns + 1;
  return absl::OkStatus();
}

struct Series {
  std::vector<uint64_t> flows, packets, bytes;
};

void WriteNumbers(const char* key, const std::vector<uint64_t>& numbers, Json& json) {
  json.Key(key).BeginArray();
  for (const uint64_t number : numbers) json.Unsigned(number);
  json.EndArray();
}

void WriteSeries(const std::map<std::string, Series>& series, Json& json) {
  json.Key("series").BeginArray();
  for (const auto& [name, values] : series) {
    json.BeginObject();
    json.Text("proto", name);
    WriteNumbers("flows", values.flows, json);
    WriteNumbers("packets", values.packets, json);
    WriteNumbers("bytes", values.bytes, json);
    json.EndObject();
  }
  json.EndArray();
}

}  // namespace

absl::StatusOr<std::string> FacetsRoute(const ApiCall& call) {
  DFC_ASSIGN_OR_RETURN(const uint64_t limit, NumberParameter(call.request, "limit", 1,
                                                             kFacetValuesMax, kFacetValuesDefault));
  FacetSums sums;
  Json json;
  json.BeginObject();
  DFC_RETURN_IF_ERROR(Count(call, json, [&](const TalliedFlow& flow) { sums.Add(flow); }));
  json.Key("facets").BeginArray();
  WriteFacet("proto", sums.protocols, limit, ProtocolName, json);
  WriteFacet(
      "sport", sums.ports, limit, [](uint16_t port) { return std::to_string(port); }, json);
  WriteFacet("client", sums.clients, limit, FormatAddress, json);
  WriteFacet("server", sums.servers, limit, FormatAddress, json);
  WriteFacet("state", sums.states, limit, FlowStateName, json);
  WriteFacet("has", sums.flags, limit, call.words.flags, json);
  WriteFacet(
      "sensor", sums.sensors, limit, [](const std::string& name) { return name; }, json);
  json.EndArray();
  json.EndObject();
  return json.Take();
}

absl::StatusOr<std::string> HistogramRoute(const ApiCall& call) {
  DFC_ASSIGN_OR_RETURN(FlowQuery query, QueryParameters(call.request, call.now_ns));
  DFC_ASSIGN_OR_RETURN(const uint64_t wanted,
                       NumberParameter(call.request, "buckets", 1, kBucketsMax, kBucketsDefault));
  DFC_RETURN_IF_ERROR(FindEnds(call.reader, query));
  if (*query.to_ns < *query.from_ns) return absl::InvalidArgumentError("to is before from");
  const uint64_t span_ns =
      static_cast<uint64_t>(*query.to_ns) - static_cast<uint64_t>(*query.from_ns);
  if (span_ns > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) {
    return absl::InvalidArgumentError("from and to are too far apart");
  }
  const uint64_t bucket_ns =
      std::max<uint64_t>(kBucketNsMin, span_ns / wanted + (span_ns % wanted != 0));
  const uint64_t buckets = span_ns == 0 ? 0 : (span_ns - 1) / bucket_ns + 1;
  std::map<std::string, Series> series;
  uint64_t flows = 0;
  DFC_RETURN_IF_ERROR(
      call.reader.Histogram(query, static_cast<int64_t>(bucket_ns), [&](const HistogramBar& bar) {
        if (bar.bucket >= buckets) return;
        Series& of = series[SeriesName(bar.protocol)];
        for (auto* values : {&of.flows, &of.packets, &of.bytes}) values->resize(buckets);
        of.flows[bar.bucket] += bar.flows;
        of.packets[bar.bucket] += bar.packets;
        of.bytes[bar.bucket] += bar.bytes;
        flows += bar.flows;
      }));
  Json json;
  json.BeginObject();
  json.Text("from", FormatTime(*query.from_ns));
  json.Text("to", FormatTime(*query.to_ns));
  json.Count("bucket_ns", bucket_ns);
  json.Key("times_ms").BeginArray();
  for (uint64_t bucket = 0; bucket < buckets; ++bucket) {
    const auto offset_ns = static_cast<int64_t>(bucket * bucket_ns);
    json.Double(static_cast<double>(*query.from_ns + offset_ns) / kNsPerMs);
  }
  json.EndArray();
  WriteSeries(series, json);
  json.Count("flows", flows);
  json.EndObject();
  return json.Take();
}

namespace {

using Ends = std::pair<IpAddress, IpAddress>;
using Port = std::pair<uint8_t, uint16_t>;

struct TalkerSums {
  Sums<IpAddress> hosts;  // client_bytes: sent; server_bytes: received.
  Sums<Port> ports;
  Sums<Ends> conversations;

  void Add(const TalliedFlow& flow) {
    hosts[flow.client].Add(flow);
    if (flow.server != flow.client) {
      TalliedFlow seen_from_server = flow;
      std::swap(seen_from_server.client_bytes, seen_from_server.server_bytes);
      hosts[flow.server].Add(seen_from_server);
    }
    if (HasPorts(flow.protocol)) ports[{flow.protocol, flow.server_port}].Add(flow);
    conversations[{flow.client, flow.server}].Add(flow);
  }
};

}  // namespace

absl::StatusOr<std::string> TalkersRoute(const ApiCall& call) {
  DFC_ASSIGN_OR_RETURN(const std::string_view by,
                       WordParameter(call.request, "by", {"bytes", "flows", "packets"}));
  DFC_ASSIGN_OR_RETURN(const uint64_t limit,
                       NumberParameter(call.request, "limit", 1, kTalkersMax, kTalkersDefault));
  const auto rank = [&by](const Sum& sum) {
    if (by == "flows") return sum.flows;
    return by == "packets" ? sum.packets : sum.bytes();
  };
  TalkerSums sums;
  Json json;
  json.BeginObject();
  DFC_RETURN_IF_ERROR(Count(call, json, [&](const TalliedFlow& flow) { sums.Add(flow); }));
  const auto list = [&](const char* key, const auto& of, auto write) {
    json.Key(key).BeginArray();
    for (const auto& [name, sum] : Largest(of, limit, rank)) {
      json.BeginObject();
      write(name, sum);
      json.Count("flows", sum.flows);
      json.Count("packets", sum.packets);
      json.EndObject();
    }
    json.EndArray();
  };
  list("hosts", sums.hosts, [&](const IpAddress& address, const Sum& sum) {
    json.Text("address", FormatAddress(address));
    json.Count("sent_bytes", sum.client_bytes);
    json.Count("received_bytes", sum.server_bytes);
  });
  list("ports", sums.ports, [&](const Port& port, const Sum& sum) {
    json.Text("proto", ProtocolName(port.first));
    json.Count("port", port.second);
    json.Count("bytes", sum.bytes());
  });
  list("conversations", sums.conversations, [&](const Ends& ends, const Sum& sum) {
    json.Text("client", FormatAddress(ends.first));
    json.Text("server", FormatAddress(ends.second));
    json.Count("client_bytes", sum.client_bytes);
    json.Count("server_bytes", sum.server_bytes);
  });
  json.EndObject();
  return json.Take();
}

}  // namespace dfc
