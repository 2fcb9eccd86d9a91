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
#include <string_view>
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

// A viewer sees what was said by whom and how much, an analyst also what it was.
enum class Role : uint8_t { kViewer, kAnalyst };

struct WebUser {
  std::string name;
  Role role = Role::kViewer;
  std::string token;
};

// Lines of NAME ROLE TOKEN (viewer, analyst), or one bare TOKEN, an analyst's; those that begin
// with # are left out. kInvalidArgument with the number of the line, and never what is in it.
absl::StatusOr<std::vector<WebUser>> ParseUsers(std::string_view text);

// Of captures that browsers may send.
struct ImportOptions {
  // A program that stores the capture at its /dev/stdin; "" for none: then nothing is taken.
  //   standard output  lines of PACKETS<tab>BYTES<tab>BYTES_IN_ALL while it goes on
  //   standard error   what it has to say; mistakes begin with "dfc: "
  //   exit status      0 when all of it is stored
  std::vector<std::string> command;
  std::string directory = ".";  // Keeps them while they come and are read.
  uint64_t bytes_max = uint64_t{4} << 30;
};

struct WebOptions {
  std::string address = "127.0.0.1";  // Of this machine, to listen at.
  uint16_t port = 8080;               // 0: any that is free.
  StoreUrl store;
  uint64_t cache_bytes_max = uint64_t{128} << 20;  // Of dfc::FlowCache.
  std::string version;
  std::vector<std::string> host_names;  // By which browsers may call it, beside the address.
  std::vector<WebUser> users;           // None: everybody, at loopback addresses only.
  std::string tls_certificate;          // PEM, "" for plain HTTP.
  std::string tls_key;
  std::string audit_log;  // "" for none: a file that says who read which content.
  ImportOptions import;
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

  // One look at the store if anybody listens for events, at connections that take too long, and at
  // a capture that is being imported. To be called about once a second, by one thread that lives as
  // long as the server.
  virtual void RunOnce() = 0;

  // After the file of the audit log was renamed: goes on in a new one.
  virtual absl::Status ReopenAuditLog() = 0;

  // Nothing more is answered. What was cut short by it, in words, or "".
  virtual std::string Stop() = 0;
};

}  // namespace dfc
