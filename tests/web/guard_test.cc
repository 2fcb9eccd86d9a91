#include "guard.h"

#include <gtest/gtest.h>

#include "dfc/time.h"

namespace dfc {
namespace {

constexpr const char* kToken = "0123456789abcdef";
constexpr const char* kWriteToken = "00112233445566778899aabbccddeeff";

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
  Caller caller;
  const auto refused = guard.Refuse(request, now_ns, caller);
  return refused ? refused->status : 0;
}

TEST(Guard, AnswersToItsOwnNamesOnly) {
  WebOptions options = OptionsAt("127.0.0.1");
  options.host_names = {"Sensor.example"};
  Guard guard(options, 8080, kWriteToken);
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
  Guard guard(OptionsAt("127.0.0.1"), 80, kWriteToken);
  EXPECT_EQ(Refused(guard, Get("127.0.0.1")), 0u);
}

TEST(Guard, RefusesOtherSitesMethodsAndBodies) {
  Guard guard(OptionsAt("127.0.0.1"), 1, kWriteToken);
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
    options.users = {{"anna", Role::kAnalyst, kToken}, {"vera", Role::kViewer, "fedcba9876543210"}};
    return options;
  }
  unsigned With(std::string_view authorization, int64_t now_ns = 1) {
    Request request = Get("localhost:1");
    request.authorization = authorization;
    const auto refused = guard_.Refuse(request, now_ns, caller_);
    return refused ? refused->status : 0;
  }
  Guard guard_{Options(), 1, kWriteToken};
  Caller caller_;
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

TEST_F(TokenTest, SaysWhoAsks) {
  EXPECT_EQ(With("Bearer fedcba9876543210"), 0u);
  EXPECT_EQ(caller_.name, "vera");
  EXPECT_EQ(caller_.role, Role::kViewer);
  EXPECT_EQ(With("Bearer 0123456789abcdef"), 0u);
  EXPECT_EQ(caller_.name, "anna");
  EXPECT_EQ(caller_.role, Role::kAnalyst);
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

class WriteTest : public ::testing::Test {
 protected:
  static WebOptions Options() {
    WebOptions options = OptionsAt("127.0.0.1");
    options.import.command = {"/bin/true"};
    return options;
  }
  // A capture that our own page sends.
  static Request Ours() {
    Request request = Get("localhost:1");
    request.method = "POST";
    request.path = "/api/v1/imports";
    request.has_body = true;
    request.origin = "http://localhost:1";
    request.fetch_site = "same-origin";
    request.write_token = kWriteToken;
    return request;
  }
  Guard guard_{Options(), 1, kWriteToken};
  Request request_ = Ours();
};

TEST_F(WriteTest, OurOwnPageMay) {
  EXPECT_EQ(Refused(guard_, request_), 0u);
  request_.origin = "";
  EXPECT_EQ(Refused(guard_, request_), 0u);
  request_.origin = "http://LOCALHOST:1";
  request_.fetch_site = "";
  EXPECT_EQ(Refused(guard_, request_), 0u);
}

TEST_F(WriteTest, NoOtherPageMay) {
  for (const char* origin : {"null", "http://evil.example", "http://localhost:2",
                             "https://localhost:1", "http://127.0.0.1:1", "http://localhost:1.x"}) {
    request_.origin = origin;
    EXPECT_EQ(Refused(guard_, request_), 403u) << origin;
  }
  for (const char* site : {"cross-site", "same-site", "none"}) {
    request_ = Ours();
    request_.fetch_site = site;
    EXPECT_EQ(Refused(guard_, request_), 403u) << site;
  }
  request_ = Ours();
  request_.origin = request_.fetch_site = "";
  EXPECT_EQ(Refused(guard_, request_), 403u);
}

TEST_F(WriteTest, NobodyMayWithoutTheRunsToken) {
  for (const char* token : {"", "00112233445566778899aabbccddeefe", "0011"}) {
    request_.write_token = token;
    EXPECT_EQ(Refused(guard_, request_), 403u) << token;
  }
}

TEST_F(WriteTest, OtherPathsAndMethodsAreNotUnderstood) {
  for (const char* path : {"/", "/api/v1/imports/", "/api/v1/imports/1", "/api/v1/flows"}) {
    request_.path = path;
    EXPECT_EQ(Refused(guard_, request_), 405u) << path;
  }
  request_ = Ours();
  request_.method = "DELETE";
  EXPECT_EQ(Refused(guard_, request_), 405u);
  request_.path = "/api/v1/imports/1";
  EXPECT_EQ(Refused(guard_, request_), 405u) << "with a body";
  request_.has_body = false;
  EXPECT_EQ(Refused(guard_, request_), 0u);
}

TEST_F(WriteTest, OverTlsOurOriginIsAnother) {
  WebOptions options = Options();
  options.tls_certificate = options.tls_key = "PEM";
  Guard guard(options, 1, kWriteToken);
  EXPECT_EQ(Refused(guard, request_), 403u);
  request_.origin = "https://localhost:1";
  EXPECT_EQ(Refused(guard, request_), 0u);
}

TEST_F(WriteTest, ItHasToBeAllowed) {
  Guard guard(OptionsAt("127.0.0.1"), 1, kWriteToken);
  EXPECT_EQ(Refused(guard, request_), 403u);
}

TEST_F(WriteTest, AViewerMayNot) {
  WebOptions options = Options();
  options.users = {{"vera", Role::kViewer, kToken}};
  Guard guard(options, 1, kWriteToken);
  request_.authorization = "Bearer 0123456789abcdef";
  EXPECT_EQ(Refused(guard, request_), 403u);
}

TEST(Exposure, OthersNeedTokenAndTls) {
  EXPECT_TRUE(CheckExposure(OptionsAt("127.0.0.1")).ok());
  EXPECT_TRUE(CheckExposure(OptionsAt("::1")).ok());
  for (const char* address : {"0.0.0.0", "::", "192.0.2.1", "::ffff:192.0.2.1"}) {
    WebOptions options = OptionsAt(address);
    EXPECT_FALSE(CheckExposure(options).ok()) << address;
    options.users = {{"anna", Role::kAnalyst, kToken}};
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
