#include "guard.h"

#include <gtest/gtest.h>

#include "dfc/time.h"

namespace dfc {
namespace {

constexpr const char* kToken = "0123456789abcdef";

WebOptions OptionsAt(const std::string& address) {
  WebOptions options;
  options.address = address;
  return options;
}

Request Get(std::string_view host) {
  Request request;
  request.method = "GET";
  request.path = "/api/v1/flows";
  request.host = host;
  return request;
}

// The status of the refusal, 0 without one.
unsigned Refused(Guard& guard, const Request& request, int64_t now_ns = 1) {
  const auto refused = guard.Refuse(request, now_ns);
  return refused ? refused->status : 0;
}

TEST(Guard, AnswersToItsOwnNamesOnly) {
  WebOptions options = OptionsAt("127.0.0.1");
  options.host_names = {"Sensor.example"};
  Guard guard(options, 8080);
  for (const char* ours : {"127.0.0.1:8080", "localhost:8080", "[::1]:8080", "LOCALHOST:8080",
                           "sensor.example:8080"}) {
    EXPECT_EQ(Refused(guard, Get(ours)), 0u) << ours;
  }
  for (const char* theirs : {"evil.example:8080", "127.0.0.1", "127.0.0.1:80", "127.0.0.2:8080",
                             "localhost:8080.evil.example", "localhost:8080 "}) {
    EXPECT_EQ(Refused(guard, Get(theirs)), 403u) << theirs;
  }
  EXPECT_EQ(Refused(guard, Get("")), 400u);
}

TEST(Guard, TheUsualPortMayBeLeftOut) {
  Guard guard(OptionsAt("127.0.0.1"), 80);
  EXPECT_EQ(Refused(guard, Get("127.0.0.1")), 0u);
}

TEST(Guard, RefusesOtherSitesMethodsAndBodies) {
  Guard guard(OptionsAt("127.0.0.1"), 1);
  Request request = Get("localhost:1");
  request.fetch_site = "cross-site";
  EXPECT_EQ(Refused(guard, request), 403u);
  request.path = "/";  // A link to the page is fine.
  EXPECT_EQ(Refused(guard, request), 0u);
  request.method = "POST";
  EXPECT_EQ(Refused(guard, request), 405u);
  request.method = "HEAD";
  EXPECT_EQ(Refused(guard, request), 0u);
  request.has_body = true;
  EXPECT_EQ(Refused(guard, request), 400u);
}

class TokenTest : public ::testing::Test {
 protected:
  static WebOptions Options() {
    WebOptions options = OptionsAt("127.0.0.1");
    options.token = kToken;
    return options;
  }
  unsigned With(std::string_view authorization, int64_t now_ns = 1) {
    Request request = Get("localhost:1");
    request.authorization = authorization;
    return Refused(guard_, request, now_ns);
  }
  Guard guard_{Options(), 1};
};

TEST_F(TokenTest, IsTakenAsBearerAndAsPassword) {
  EXPECT_EQ(With("Bearer 0123456789abcdef"), 0u);
  EXPECT_EQ(With("bearer 0123456789abcdef"), 0u);
  EXPECT_EQ(With("Basic bWU6MDEyMzQ1Njc4OWFiY2RlZg=="), 0u);
  EXPECT_EQ(With(""), 401u);
}

TEST_F(TokenTest, NothingElseIs) {
  for (const char* wrong :
       {"Bearer 0123456789abcde", "Bearer", "Basic bWU6", "Basic ====", "0123456789abcdef"}) {
    EXPECT_EQ(With(wrong), 401u) << wrong;
  }
}

TEST_F(TokenTest, GuessingEndsForAMinute) {
  for (int n = 0; n < 5; ++n) EXPECT_EQ(With("Bearer x"), 401u);
  EXPECT_EQ(With("Bearer 0123456789abcdef"), 429u);
  EXPECT_EQ(With("Bearer 0123456789abcdef", 2 * kNsPerMinute), 0u);
}

TEST_F(TokenTest, AskingWithoutIsNoGuess) {
  for (int n = 0; n < 50; ++n) EXPECT_EQ(With(""), 401u);
  EXPECT_EQ(With("Bearer 0123456789abcdef"), 0u);
}

TEST(Exposure, OthersNeedTokenAndTls) {
  EXPECT_TRUE(CheckExposure(OptionsAt("127.0.0.1")).ok());
  EXPECT_TRUE(CheckExposure(OptionsAt("::1")).ok());
  for (const char* address : {"0.0.0.0", "::", "192.0.2.1", "::ffff:192.0.2.1"}) {
    WebOptions options = OptionsAt(address);
    EXPECT_FALSE(CheckExposure(options).ok()) << address;
    options.token = kToken;
    EXPECT_FALSE(CheckExposure(options).ok()) << address;
    options.tls_certificate = options.tls_key = "PEM";
    EXPECT_TRUE(CheckExposure(options).ok()) << address;
    options.tls_key.clear();
    EXPECT_FALSE(CheckExposure(options).ok()) << address;
  }
}

TEST(ParseListen, TakesAddressesAndPorts) {
  WebOptions options;
  ASSERT_TRUE(ParseListen("[::1]:81", options).ok());
  EXPECT_EQ(options.address, "::1");
  EXPECT_EQ(options.port, 81);
  ASSERT_TRUE(ParseListen("localhost:82", options).ok());
  EXPECT_EQ(options.address, "127.0.0.1");
  ASSERT_TRUE(ParseListen("83", options).ok());
  EXPECT_EQ(options.port, 83);
  for (const char* bad : {"", ":", "::1:80", "example.org:80", "127.0.0.1:", "127.0.0.1:65536",
                          "127.0.0.1:x", "[127.0.0.1:80", "-1"}) {
    EXPECT_FALSE(ParseListen(bad, options).ok()) << bad;
  }
}

}  // namespace
}  // namespace dfc
