#include "own_connections.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <filesystem>

namespace dfc {

namespace {

// False when it is no address of IPv4 or IPv6.
bool EndOf(const sockaddr_storage& from, IpAddress& address, uint16_t& port) {
  const void* const at = &from;
  if (from.ss_family == AF_INET) {
    const auto& ipv4 = *static_cast<const sockaddr_in*>(at);
    address = IpAddress{};
    address.bytes[10] = address.bytes[11] = 0xFF;
    std::memcpy(address.bytes.data() + 12, &ipv4.sin_addr, sizeof ipv4.sin_addr);
    port = ntohs(ipv4.sin_port);
    return true;
  }
  if (from.ss_family != AF_INET6) return false;
  const auto& ipv6 = *static_cast<const sockaddr_in6*>(at);
  std::memcpy(address.bytes.data(), &ipv6.sin6_addr, sizeof ipv6.sin6_addr);
  port = ntohs(ipv6.sin6_port);
  return true;
}

// Of a socket that listens at every address. Some of those at that port may be forwarded traffic.
bool IsAny(const IpAddress& address) {
  static constexpr IpAddress kIpv6{};
  static constexpr IpAddress kIpv4{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF}};
  return address == kIpv6 || address == kIpv4;
}

// 0 where the descriptor is no socket, too.
int SocketOption(int fd, int option) {
  int value = 0;
  socklen_t bytes = sizeof value;
  return ::getsockopt(fd, SOL_SOCKET, option, &value, &bytes) == 0 ? value : 0;
}

// False when the descriptor is no connection over TCP, nor listens for any at one address.
bool ConnectionOf(int fd, FiveTuple& tuple) {
  if (SocketOption(fd, SO_TYPE) != SOCK_STREAM) return false;
  sockaddr_storage here{}, there{};
  socklen_t here_bytes = sizeof here;
  socklen_t there_bytes = sizeof there;
  void* const here_at = &here;
  void* const there_at = &there;
  tuple.protocol = kTcp;
  if (::getsockname(fd, static_cast<sockaddr*>(here_at), &here_bytes) != 0 ||
      !EndOf(here, tuple.source, tuple.source_port)) {
    return false;
  }
  if (SocketOption(fd, SO_ACCEPTCONN) != 0) return !IsAny(tuple.source);
  return ::getpeername(fd, static_cast<sockaddr*>(there_at), &there_bytes) == 0 &&
         EndOf(there, tuple.destination, tuple.destination_port);
}

}  // namespace

OwnConnections OwnConnections::Find() {
  OwnConnections own;
  std::error_code none;
  for (std::filesystem::directory_iterator entry("/proc/self/fd", none), end; !none && entry != end;
       entry.increment(none)) {
    const std::string name = entry->path().filename().string();
    int fd = -1;
    std::from_chars(name.data(), name.data() + name.size(), fd);
    FiveTuple tuple;
    if (own.tuples_.size() < kMax && ConnectionOf(fd, tuple)) own.Add(tuple);
  }
  return own;
}

}  // namespace dfc
