// The border to the HTTP library (libmicrohttpd): connections, limits, threads, TLS.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "concurrentqueue/concurrentqueue.h"
#include "dfc/status.h"
#include "http.h"

struct MHD_Daemon;
struct MHD_Connection;

namespace dfc {

struct HttpOptions {
  std::string address;
  uint16_t port = 0;
  std::string tls_certificate;  // PEM; "" for plain HTTP.
  std::string tls_key;
};

// The library's threads call the handler; how many there are is fixed. Everybody is given:
//   connections      64 at most, more are closed at once
//   a request's head  20 KiB, all of it within 10 s
//   a body            64 KiB of it, or what is left, every 10 s
//   between requests  30 s
//   an answer         no pause of more than 10 s
class HttpServer {
 public:
  // `handler` must outlive this.
  static absl::StatusOr<std::unique_ptr<HttpServer>> Start(const HttpOptions& options,
                                                           RequestHandler& handler);
  // Sources that said kLater are asked until they end: they must have been told.
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  uint16_t port() const { return port_; }

  // Asks all sources again that said kLater.
  void Wake();
  // Cuts connections whose request takes too long to come.
  void CutSlow(int64_t now_ns);

 private:
  // What is known of a connection: until when its next request must be there. One of the library's
  // threads and the one that calls CutSlow() use it.
  struct Slot {
    static constexpr int64_t kFree = 0;
    static constexpr int64_t kBusy = -1;     // A request is being answered.
    static constexpr int64_t kCutting = -2;  // CutSlow() uses the socket: it must not be closed.
    std::atomic<int64_t> deadline_ns{kFree};
    std::atomic<int> socket{-1};

    // Waits for CutSlow(), which is done after one system call.
    void Set(int64_t to);
  };
  struct Border;  // The library's callbacks.

  explicit HttpServer(RequestHandler& handler) : handler_(handler) {}
  absl::Status Listen(const HttpOptions& options);
  Slot* TakeSlot(int socket);

  static constexpr unsigned kConnectionsMax = 64;

  RequestHandler& handler_;
  MHD_Daemon* daemon_ = nullptr;
  uint16_t port_ = 0;
  std::array<Slot, kConnectionsMax * 2> slots_;  // Some that are closed may not have left yet.
  // Connections that sleep until Wake(): the library keeps them as long as they do.
  moodycamel::ConcurrentQueue<MHD_Connection*> sleeping_;
  std::atomic<unsigned> sources_{0};
};

}  // namespace dfc
