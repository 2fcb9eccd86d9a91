// The browser's side: an HTTP server that answers from a store.
// Module: web
//
//   browser ── HTTP ──▶ a few threads of the library ──▶ Reader, one a request ──▶ store
//                              ▲ woken about once a second
//                              └── RunOnce(): one look at the store for all who listen
//
// Everything that it gives out may have been written by an attacker: JSON only, checked UTF-8,
// downloads under names of our own, and headers that forbid a browser to take it for a page.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "dfc/reader.h"
#include "dfc/status.h"
#include "dfc/store.h"

namespace dfc {

// Words for what is stored as numbers, as the command line has them.
struct WebWords {
  std::string (*flags)(uint16_t flags);
  std::string (*icmp_type)(uint8_t protocol, uint8_t type);
  std::string (*icmp_code)(uint8_t protocol, uint8_t type, uint8_t code);
  bool (*icmp_has_identifier)(uint8_t protocol, uint8_t type);
  std::string (*icmp_quoted)(const IcmpRow& row);
  std::string (*icmp_details)(const StoredIcmp& message);
};

struct WebOptions {
  std::string address = "127.0.0.1";  // Of this machine, to listen at.
  uint16_t port = 8080;               // 0: any that is free.
  StoreUrl store;
  std::string version;
  std::vector<std::string> host_names;  // By which browsers may call it, beside the address.
  std::string token;                    // "" for none: then at loopback addresses only.
  std::string tls_certificate;          // PEM, "" for plain HTTP.
  std::string tls_key;
  WebWords words;
};

// "127.0.0.1:8080", "[::1]:0", "8080": sets address and port.
absl::Status ParseListen(const std::string& text, WebOptions& options);

class WebServer {
 public:
  virtual ~WebServer() = default;

  // kInvalidArgument, saying why, when it would be open to others without token and TLS.
  static absl::StatusOr<std::unique_ptr<WebServer>> Start(const WebOptions& options);

  // "http://127.0.0.1:8080/".
  virtual std::string Url() const = 0;

  // One look at the store if anybody listens for events, and at connections that take too long.
  // To be called about once a second.
  virtual void RunOnce() = 0;
};

}  // namespace dfc
