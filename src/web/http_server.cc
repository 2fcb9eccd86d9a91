#include "http_server.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <microhttpd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdarg>
#include <cstring>
#include <thread>

#include "dfc/check.h"
#include "dfc/time.h"
#include "guard.h"

namespace dfc {

namespace {

constexpr unsigned kThreads = 4;
constexpr unsigned kHeadBytesMax = 20 << 10;
constexpr unsigned kIdleSecondsMax = 10;
constexpr int64_t kHeadNsMax = 10 * kNsPerSecond;
constexpr int64_t kBetweenNsMax = 30 * kNsPerSecond;
// A body has to come at this pace, whatever its size: 6.5 kB/s.
constexpr int64_t kBodyPartNsMax = 10 * kNsPerSecond;
constexpr size_t kBodyPartBytes = 64 << 10;
constexpr size_t kSourceBlockBytes = 64 << 10;
constexpr size_t kParametersMax = 64;
constexpr const char* kTlsVersions = "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2";

std::string_view HeaderOf(MHD_Connection* connection, const char* name) {
  const char* value = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
  return value == nullptr ? std::string_view() : std::string_view(value);
}

MHD_Result AddParameter(void* to, MHD_ValueKind, const char* key, size_t key_bytes,
                        const char* value, size_t value_bytes) {
  auto* const request = static_cast<Request*>(to);
  if (request->parameters.size() == kParametersMax) return MHD_NO;
  request->parameters.emplace_back(
      std::string(key, key_bytes),
      value == nullptr ? std::string() : std::string(value, value_bytes));
  return MHD_YES;
}

std::string PeerOf(MHD_Connection* connection) {
  const MHD_ConnectionInfo* peer =
      MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
  if (peer == nullptr || peer->client_addr == nullptr) return "";
  std::array<char, INET6_ADDRSTRLEN> text{};
  sockaddr_in ipv4{};
  sockaddr_in6 ipv6{};
  const void* address = nullptr;
  if (peer->client_addr->sa_family == AF_INET) {
    std::memcpy(&ipv4, peer->client_addr, sizeof ipv4);
    address = &ipv4.sin_addr;
  } else if (peer->client_addr->sa_family == AF_INET6) {
    std::memcpy(&ipv6, peer->client_addr, sizeof ipv6);
    address = &ipv6.sin6_addr;
  }
  if (address == nullptr) return "";
  const int family = peer->client_addr->sa_family;
  return ::inet_ntop(family, address, text.data(), text.size()) == nullptr ? "" : text.data();
}

void ReadBodyHeaders(MHD_Connection* connection, Request& request) {
  const std::string_view length = HeaderOf(connection, MHD_HTTP_HEADER_CONTENT_LENGTH);
  uint64_t bytes = 0;
  const char* const end = length.data() + length.size();
  const auto [stop, error] = std::from_chars(length.data(), end, bytes);
  if (!length.empty() && error == std::errc() && stop == end) request.body_bytes = bytes;
  request.has_body = (!length.empty() && length != "0") ||
                     !HeaderOf(connection, MHD_HTTP_HEADER_TRANSFER_ENCODING).empty();
}

Request ReadRequest(MHD_Connection* connection, const char* path, const char* method) {
  Request request;
  request.method = method;
  request.path = path;
  MHD_get_connection_values_n(connection, MHD_GET_ARGUMENT_KIND, AddParameter, &request);
  request.host = HeaderOf(connection, MHD_HTTP_HEADER_HOST);
  request.origin = HeaderOf(connection, "Origin");
  request.authorization = HeaderOf(connection, MHD_HTTP_HEADER_AUTHORIZATION);
  request.accept_encoding = HeaderOf(connection, MHD_HTTP_HEADER_ACCEPT_ENCODING);
  request.range = HeaderOf(connection, MHD_HTTP_HEADER_RANGE);
  request.fetch_site = HeaderOf(connection, "Sec-Fetch-Site");
  request.if_none_match = HeaderOf(connection, MHD_HTTP_HEADER_IF_NONE_MATCH);
  request.write_token = HeaderOf(connection, "X-Dfc-Token");
  request.peer = PeerOf(connection);
  ReadBodyHeaders(connection, request);
  return request;
}

struct FreeResponse {
  void operator()(MHD_Response* response) const { MHD_destroy_response(response); }
};
using OwnedResponse = std::unique_ptr<MHD_Response, FreeResponse>;

// The address that a socket is bound to, from text.
absl::Status MakeAddress(const HttpOptions& options, sockaddr_storage& address) {
  std::memset(&address, 0, sizeof address);
  sockaddr_in ipv4{};
  sockaddr_in6 ipv6{};
  if (inet_pton(AF_INET, options.address.c_str(), &ipv4.sin_addr) == 1) {
    ipv4.sin_family = AF_INET;
    ipv4.sin_port = htons(options.port);
    std::memcpy(&address, &ipv4, sizeof ipv4);
    return absl::OkStatus();
  }
  if (inet_pton(AF_INET6, options.address.c_str(), &ipv6.sin6_addr) == 1) {
    ipv6.sin6_family = AF_INET6;
    ipv6.sin6_port = htons(options.port);
    std::memcpy(&address, &ipv6, sizeof ipv6);
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(fmt::format("'{}' is no address", options.address));
}

// The library's words about what peers do wrong; what it can't do itself, its results tell.
void IgnoreMessage(void*, const char*, va_list) {}

}  // namespace

struct HttpServer::Border {
  struct Sending {
    HttpServer* server;
    MHD_Connection* connection;
    std::unique_ptr<BodySource> source;
  };

  static ssize_t ReadSource(void* of, uint64_t, char* to, size_t bytes) {
    auto* const sending = static_cast<Sending*>(of);
    const int64_t got = sending->source->Read(to, bytes);
    if (got == BodySource::kEnd) return MHD_CONTENT_READER_END_OF_STREAM;
    if (got == BodySource::kFailed) return MHD_CONTENT_READER_END_WITH_ERROR;
    if (got == BodySource::kLater) {
      MHD_suspend_connection(sending->connection);
      sending->server->sleeping_.enqueue(sending->connection);
    }
    return static_cast<ssize_t>(got);
  }

  static void FreeSource(void* of) {
    const std::unique_ptr<Sending> sending(static_cast<Sending*>(of));
    sending->server->sources_.fetch_sub(1);
  }

  static OwnedResponse MakeResponse(HttpServer& server, MHD_Connection* connection,
                                    Response& response) {
    if (response.source == nullptr) {
      const bool fixed = !response.fixed_body.empty();
      const std::string_view body = fixed ? response.fixed_body : response.body;
      return OwnedResponse(MHD_create_response_from_buffer(
          body.size(), const_cast<char*>(body.data()),  // The library only reads it.
          fixed ? MHD_RESPMEM_PERSISTENT : MHD_RESPMEM_MUST_COPY));
    }
    auto sending = std::make_unique<Sending>();
    *sending = {&server, connection, std::move(response.source)};
    const bool is_known = response.source_bytes != Response::kUnknownBytes;
    OwnedResponse made(MHD_create_response_from_callback(
        is_known ? response.source_bytes : MHD_SIZE_UNKNOWN, kSourceBlockBytes, ReadSource,
        sending.get(), FreeSource));
    if (made == nullptr) return made;
    server.sources_.fetch_add(1);
    (void)sending.release();  // Freed by FreeSource.
    return made;
  }

  // A request between the library's calls for it.
  struct Exchange {
    std::unique_ptr<BodySink> sink;  // Where its body goes, if one is wanted.
    size_t part_bytes = 0;           // Of the part of the body that is due ...
    int64_t part_deadline_ns = 0;    // ... by then.
  };

  static MHD_Result Access(void* of, MHD_Connection* connection, const char* path,
                           const char* method, const char*, const char* body, size_t* body_bytes,
                           void** seen) {
    auto& server = *static_cast<HttpServer*>(of);
    auto* const exchange = static_cast<Exchange*>(*seen);
    if (Slot* slot = SlotOf(connection)) slot->Set(Slot::kBusy);
    if (exchange != nullptr && exchange->sink != nullptr) {
      return Take(server, connection, *exchange, body, *body_bytes);
    }
    const Request request = ReadRequest(connection, path, method);
    // Asked twice: an answer at the first time closes the connection, which is right only where a
    // body would follow.
    if (exchange == nullptr) {
      auto made = std::make_unique<Exchange>();
      *seen = made.release();  // Freed by Completed().
      if (!request.has_body) return MHD_YES;
    }
    Response response = server.handler_.Handle(request);
    if (response.sink == nullptr) return Answer(server, connection, response);
    Begin(connection, *static_cast<Exchange*>(*seen), std::move(response.sink));
    return MHD_YES;
  }

  static MHD_Result Answer(HttpServer& server, MHD_Connection* connection, Response& response) {
    const OwnedResponse made = MakeResponse(server, connection, response);
    if (made == nullptr) return MHD_NO;
    for (const auto& [name, value] : response.headers) {
      MHD_add_response_header(made.get(), name.c_str(), value.c_str());
    }
    return MHD_queue_response(connection, response.status, made.get());
  }

  static void Begin(MHD_Connection* connection, Exchange& exchange,
                    std::unique_ptr<BodySink> sink) {
    exchange.sink = std::move(sink);
    exchange.part_deadline_ns = MonotonicClockNs() + kBodyPartNsMax;
    if (Slot* slot = SlotOf(connection)) slot->Set(exchange.part_deadline_ns);
  }

  // A piece of the body, or its end.
  static MHD_Result Take(HttpServer& server, MHD_Connection* connection, Exchange& exchange,
                         const char* body, size_t& bytes) {
    if (bytes == 0) {
      const std::unique_ptr<BodySink> sink = std::move(exchange.sink);
      Response response = sink->End();
      return Answer(server, connection, response);
    }
    const int64_t began_ns = MonotonicClockNs();
    if (!exchange.sink->Write(AsBytes(body, bytes))) return MHD_NO;
    exchange.part_bytes += bytes;
    bytes = 0;
    const int64_t now_ns = MonotonicClockNs();
    // How long we take ourselves is not the other end's fault.
    exchange.part_deadline_ns += now_ns - began_ns;
    if (exchange.part_bytes >= kBodyPartBytes) {
      exchange.part_bytes = 0;
      exchange.part_deadline_ns = now_ns + kBodyPartNsMax;
    }
    if (Slot* slot = SlotOf(connection)) slot->Set(exchange.part_deadline_ns);
    return MHD_YES;
  }

  static Slot* SlotOf(MHD_Connection* connection) {
    const MHD_ConnectionInfo* context =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return context == nullptr ? nullptr : static_cast<Slot*>(context->socket_context);
  }

  static void Completed(void*, MHD_Connection* connection, void** seen,
                        MHD_RequestTerminationCode) {
    const std::unique_ptr<Exchange> exchange(static_cast<Exchange*>(std::exchange(*seen, nullptr)));
    Slot* const slot = SlotOf(connection);
    if (slot != nullptr) slot->Set(MonotonicClockNs() + kBetweenNsMax);
  }

  static void Notify(void* of, MHD_Connection* connection, void** context,
                     MHD_ConnectionNotificationCode what) {
    if (what == MHD_CONNECTION_NOTIFY_CLOSED) {
      if (*context != nullptr) static_cast<Slot*>(*context)->Set(Slot::kFree);
      return;
    }
    const MHD_ConnectionInfo* socket =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    if (socket == nullptr) return;
    *context = static_cast<HttpServer*>(of)->TakeSlot(socket->connect_fd);
  }
};

HttpServer::Slot* HttpServer::TakeSlot(int socket) {
  for (Slot& slot : slots_) {
    int64_t free = Slot::kFree;
    if (!slot.deadline_ns.compare_exchange_strong(free, Slot::kBusy)) continue;
    slot.socket.store(socket);
    slot.deadline_ns.store(MonotonicClockNs() + kHeadNsMax);
    return &slot;
  }
  return nullptr;
}

void HttpServer::Slot::Set(int64_t to) {
  for (;;) {
    int64_t was = deadline_ns.load();
    if (was != kCutting && deadline_ns.compare_exchange_weak(was, to)) return;
  }
}

void HttpServer::CutSlow(int64_t now_ns) {
  for (Slot& slot : slots_) {
    int64_t deadline_ns = slot.deadline_ns.load();
    if (deadline_ns <= 0 || now_ns < deadline_ns) continue;
    if (!slot.deadline_ns.compare_exchange_strong(deadline_ns, Slot::kCutting)) continue;
    (void)::shutdown(slot.socket.load(), SHUT_RDWR);
    slot.deadline_ns.store(Slot::kBusy);
  }
}

void HttpServer::Wake() {
  // All are taken before one is resumed: it may go to sleep again at once, and the queue, which
  // keeps no order between threads, would give it out again instead of one that waits for long.
  std::array<MHD_Connection*, kConnectionsMax> connections;
  const size_t count = sleeping_.try_dequeue_bulk(connections.begin(), connections.size());
  for (size_t n = 0; n < count; ++n) MHD_resume_connection(connections[n]);
}

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::Start(const HttpOptions& options,
                                                              RequestHandler& handler) {
  std::unique_ptr<HttpServer> server(new HttpServer(handler));
  DFC_RETURN_IF_ERROR(server->Listen(options));
  return server;
}

absl::Status HttpServer::Listen(const HttpOptions& options) {
  sockaddr_storage address;
  DFC_RETURN_IF_ERROR(MakeAddress(options, address));
  unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG;
  if (address.ss_family == AF_INET6) flags |= MHD_USE_IPv6;
  std::array<MHD_OptionItem, 4> tls = {{{MHD_OPTION_END, 0, nullptr}}};
  if (!options.tls_certificate.empty()) {
    flags |= MHD_USE_TLS;
    tls = {{{MHD_OPTION_HTTPS_MEM_CERT, 0, const_cast<char*>(options.tls_certificate.c_str())},
            {MHD_OPTION_HTTPS_MEM_KEY, 0, const_cast<char*>(options.tls_key.c_str())},
            {MHD_OPTION_HTTPS_PRIORITIES, 0, const_cast<char*>(kTlsVersions)},
            {MHD_OPTION_END, 0, nullptr}}};
  }
  daemon_ =
      MHD_start_daemon(flags, options.port, nullptr, nullptr, Border::Access, this,             //
                       MHD_OPTION_EXTERNAL_LOGGER, IgnoreMessage, nullptr,                      //
                       MHD_OPTION_SOCK_ADDR, &address,                                          //
                       MHD_OPTION_THREAD_POOL_SIZE, kThreads,                                   //
                       MHD_OPTION_CONNECTION_LIMIT, kConnectionsMax,                            //
                       MHD_OPTION_CONNECTION_MEMORY_LIMIT, static_cast<size_t>(kHeadBytesMax),  //
                       MHD_OPTION_CONNECTION_TIMEOUT, kIdleSecondsMax,                          //
                       MHD_OPTION_STRICT_FOR_CLIENT, 1,                                         //
                       MHD_OPTION_LISTENING_ADDRESS_REUSE, 1u,                                  //
                       MHD_OPTION_NOTIFY_CONNECTION, Border::Notify, this,                      //
                       MHD_OPTION_NOTIFY_COMPLETED, Border::Completed, nullptr,                 //
                       MHD_OPTION_ARRAY, tls.data(), MHD_OPTION_END);
  if (daemon_ == nullptr) {
    const int why = errno;
    return ErrnoStatus(why, fmt::format("listen at {} port {}", options.address, options.port));
  }
  const MHD_DaemonInfo* bound = MHD_get_daemon_info(daemon_, MHD_DAEMON_INFO_BIND_PORT);
  port_ = bound == nullptr ? options.port : bound->port;
  return absl::OkStatus();
}

HttpServer::~HttpServer() {
  if (daemon_ == nullptr) return;
  constexpr std::chrono::milliseconds kPause{10};
  constexpr int kPausesMax = 300;
  // The library can't stop while a connection sleeps. Nothing new is taken from here on.
  const MHD_socket listening = MHD_quiesce_daemon(daemon_);
  for (int n = 0; n < kPausesMax && sources_.load() > 0; ++n) {
    Wake();
    std::this_thread::sleep_for(kPause);
  }
  Wake();
  MHD_stop_daemon(daemon_);
  if (listening != MHD_INVALID_SOCKET) ::close(listening);
}

}  // namespace dfc
