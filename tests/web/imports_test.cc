#include "imports.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <thread>

namespace dfc {
namespace {

class ImportsTest : public ::testing::Test {
 protected:
  // `script` stands for the program that reads the capture.
  explicit ImportsTest(const std::string& script = "cat > /dev/null") { Use(script); }

  void Use(const std::string& script, uint64_t bytes_max = 1000) {
    imports_ = std::make_unique<Imports>(
        ImportOptions{{"/bin/sh", "-c", script}, ::testing::TempDir(), bytes_max}, nullptr);
  }

  static Request Post(std::string_view body, bool announced = true) {
    Request request;
    request.method = "POST";
    request.parameters = {{"name", "a.pcap"}};
    request.has_body = true;
    if (announced) request.body_bytes = body.size();
    return request;
  }
  static ByteSpan Bytes(std::string_view text) { return AsBytes(text.data(), text.size()); }

  // The status of the answer; 0: the connection is closed.
  unsigned Send(std::string_view body, bool announced = true) {
    Response response = imports_->Begin(Post(body, announced), {"anna", Role::kAnalyst});
    if (response.sink == nullptr) return response.status;
    for (size_t at = 0; at < body.size(); at += 7) {
      if (!response.sink->Write(Bytes(body.substr(at, 7)))) return 0;
    }
    return response.sink->End().status;
  }

  // How an import is once it is over.
  std::string Result(uint64_t id = 1) {
    for (int n = 0; n < 2000; ++n) {
      (void)imports_->RunOnce();
      const std::string now = imports_->Find(id).body;
      if (now.find("\"done\"") != now.npos || now.find("\"failed\"") != now.npos) return now;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return "it does not end";
  }

  static bool Has(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
  }

  std::unique_ptr<Imports> imports_;
};

TEST_F(ImportsTest, WhatWasSentIsRead) {
  Use("x=$(cat /dev/stdin); printf '7\\t8\\t9\\n'; echo \"got $x\" >&2");
  EXPECT_EQ(Send("a capture"), 202u);
  const std::string result = Result();
  for (const char* part : {"\"id\":1,", "\"name\":\"a.pcap\"", "\"user\":\"anna\"",
                           "\"state\":\"done\"", "\"received_bytes\":9", "\"read_bytes\":8",
                           "\"packets\":7", "\"summary\":\"got a capture\"", "\"error\":null"}) {
    EXPECT_TRUE(Has(result, part)) << part << " " << result;
  }
}

TEST_F(ImportsTest, MistakesAreOfTheFileNotOfStandardInput) {
  Use("echo 'dfc: /dev/stdin: cut short at offset 24' >&2; echo '  packets 3' >&2; exit 1");
  EXPECT_EQ(Send("x"), 202u);
  const std::string result = Result();
  EXPECT_TRUE(Has(result, "\"state\":\"failed\"")) << result;
  EXPECT_TRUE(Has(result, "\"error\":\"a.pcap: cut short at offset 24\"")) << result;
  EXPECT_TRUE(Has(result, "\"summary\":\"  packets 3\"")) << result;
}

TEST_F(ImportsTest, AReaderThatDiesFailsTheImportOnly) {
  Use("kill -SEGV $$");
  EXPECT_EQ(Send("x"), 202u);
  EXPECT_TRUE(Has(Result(), "ended by signal 11"));
  EXPECT_EQ(Send("x"), 202u);
  Use("exit 3");
  EXPECT_EQ(Send("x"), 202u);
  EXPECT_TRUE(Has(Result(), "ended with status 3"));
}

TEST_F(ImportsTest, AProgramThatIsNotThereFails) {
  imports_ = std::make_unique<Imports>(ImportOptions{{"/nowhere/dfc"}, ::testing::TempDir(), 1000},
                                       nullptr);
  EXPECT_EQ(Send("x"), 202u);
  EXPECT_TRUE(Has(Result(), "\"state\":\"failed\""));
}

TEST_F(ImportsTest, OneAtATime) {
  Use("sleep 60");
  Response first = imports_->Begin(Post("x"), {});
  ASSERT_NE(first.sink, nullptr);
  EXPECT_EQ(Send("y"), 409u);
  EXPECT_TRUE(first.sink->Write(Bytes("x")));
  EXPECT_EQ(first.sink->End().status, 202u);
  EXPECT_EQ(Send("y"), 409u);
  (void)imports_->RunOnce();
  EXPECT_EQ(Send("y"), 409u);
  (void)imports_->Stop(1);
  EXPECT_TRUE(Has(Result(), "ended by signal 15"));
  EXPECT_EQ(Send("y"), 202u);
}

TEST_F(ImportsTest, TooLargeIsRefused) {
  const std::string large(1001, 'x');
  EXPECT_EQ(Send(large), 413u);
  EXPECT_EQ(Send(large, false), 413u);
  EXPECT_TRUE(Has(Result(), "at most 1000 bytes"));
  EXPECT_EQ(Send(std::string(1000, 'x'), false), 202u);
}

TEST_F(ImportsTest, WhoSendsWithoutEndIsCutOff) {
  Response response = imports_->Begin(Post("x", false), {});
  const std::string piece(1 << 20, 'x');
  int pieces = 0;
  while (pieces < 1000 && response.sink->Write(Bytes(piece))) ++pieces;
  EXPECT_LT(pieces, 70);
  response.sink.reset();
  EXPECT_TRUE(Has(Result(), "at most 1000 bytes"));
  EXPECT_EQ(Send("x"), 202u);
}

TEST_F(ImportsTest, ABodyThatDoesNotEndIsForgotten) {
  Response response = imports_->Begin(Post("abc"), {});
  EXPECT_TRUE(response.sink->Write(Bytes("ab")));
  response.sink.reset();
  EXPECT_TRUE(Has(Result(), "cut off while it was sent"));
  EXPECT_EQ(Send("x"), 202u);
}

TEST_F(ImportsTest, ItCanBeStoppedWhileItComes) {
  Response response = imports_->Begin(Post("abc"), {});
  EXPECT_TRUE(response.sink->Write(Bytes("a")));
  EXPECT_EQ(imports_->Stop(1).status, 200u);
  EXPECT_TRUE(response.sink->Write(Bytes("bc")));
  EXPECT_EQ(response.sink->End().status, 409u);
  EXPECT_TRUE(Has(Result(), "it was stopped"));
}

TEST_F(ImportsTest, ADiskThatIsFullIsTold) {
  Use("cat", 1 << 20);
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  const rlimit small{100, before.rlim_max};
  ::setrlimit(RLIMIT_FSIZE, &small);
  const unsigned status = Send(std::string(200, 'x'));
  ::setrlimit(RLIMIT_FSIZE, &before);
  EXPECT_EQ(status, 503u);  // EFBIG here; ENOSPC is 507.
  EXPECT_TRUE(Has(Result(), "File too large"));
  EXPECT_EQ(Send("x"), 202u);
}

TEST_F(ImportsTest, NoRoomIsToldBeforeItIsSent) {
  Use("cat", uint64_t{1} << 62);
  Request request = Post("");
  request.body_bytes = uint64_t{1} << 60;
  EXPECT_EQ(imports_->Begin(request, {}).status, 507u);
}

TEST_F(ImportsTest, WhatIsNoCaptureIsRefused) {
  Request request = Post("x");
  request.has_body = false;
  EXPECT_EQ(imports_->Begin(request, {}).status, 400u);
  request = Post("x");
  request.parameters = {{"name", std::string(256, 'n')}};
  EXPECT_EQ(imports_->Begin(request, {}).status, 400u);
}

TEST_F(ImportsTest, TheLastOnesAreRemembered) {
  for (int n = 0; n < 20; ++n) {
    ASSERT_EQ(Send("x"), 202u) << n;
    EXPECT_TRUE(Has(Result(static_cast<uint64_t>(n) + 1), "\"done\""));
  }
  const std::string all = imports_->List().body;
  EXPECT_EQ(all.find("{\"imports\":[{\"id\":20,"), 0u) << all;
  EXPECT_TRUE(Has(all, "{\"id\":5,"));
  EXPECT_FALSE(Has(all, "{\"id\":4,"));
  EXPECT_EQ(imports_->Find(4).status, 404u);
  EXPECT_EQ(imports_->Stop(4).status, 404u);
  EXPECT_EQ(imports_->Find(0).status, 404u);
}

TEST_F(ImportsTest, ChangesAreToldOnce) {
  EXPECT_FALSE(imports_->RunOnce().has_value());
  EXPECT_EQ(Send("x"), 202u);
  std::string last;
  for (int n = 0; n < 2000 && !Has(last, "\"done\""); ++n) {
    last = imports_->RunOnce().value_or(last);
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  EXPECT_TRUE(Has(last, "\"done\"")) << last;
  EXPECT_FALSE(imports_->RunOnce().has_value());
}

TEST_F(ImportsTest, TheEndStopsWhatRunsAndSaysSo) {
  Use("sleep 60");
  EXPECT_EQ(imports_->End(), "");
  Use("sleep 60");
  EXPECT_EQ(Send("x"), 202u);
  (void)imports_->RunOnce();
  EXPECT_EQ(imports_->End(),
            "a.pcap: its import was cut short; what was read until then is stored");
  EXPECT_EQ(imports_->End(), "");
  EXPECT_EQ(Send("x"), 503u);
}

TEST_F(ImportsTest, AFolderThatIsNoneIsToldAtOnce) {
  imports_ = std::make_unique<Imports>(ImportOptions{{"/bin/sh"}, "/nowhere", 1000}, nullptr);
  EXPECT_TRUE(Has(MessageOf(imports_->Check()), "/nowhere"));
}

// Text is written by one thread and read by others: for ThreadSanitizer.
TEST_F(ImportsTest, ManyMayLook) {
  Use("echo words >&2");
  std::atomic<bool> over{false};
  std::thread looker([&] {
    while (!over.load()) {
      EXPECT_EQ(imports_->List().status, 200u);
      (void)imports_->Find(3);
    }
  });
  for (uint64_t n = 1; n <= 40; ++n) {
    EXPECT_EQ(Send("some bytes"), 202u);
    EXPECT_TRUE(Has(Result(n), "\"summary\":\"words\""));
  }
  over.store(true);
  looker.join();
}

}  // namespace
}  // namespace dfc
