// A MariaDB server of the test's own: in a temporary folder, on a socket, small and without a net.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "dfc/store.h"
#include "temp_dir.h"

namespace dfc {

// Starts on first use, stops at the end of the program.
class MariadbServer : public ::testing::Environment {
 public:
  // The one that RegisterMariadbServer() made.
  static MariadbServer& Get();

  void TearDown() override { Stop(); }

  // False where mariadbd is not installed or does not start; `reason()` tells. Skip the test then.
  bool Available();
  const std::string& reason() const { return reason_; }

  // Makes a database of that name, empty.
  StoreUrl FreshDatabase(const std::string& name);

  // Runs a statement as root; what the server says is thrown away, false when it failed.
  bool Run(const std::string& sql);
  // Kills the server as a power cut would; Available() starts it again on the same data.
  void Kill();

 private:
  bool Install();
  bool Start();
  void Stop();

  TempDir dir_;
  int pid_ = 0;
  bool installed_ = false;
  bool failed_ = false;
  std::string reason_;
};

}  // namespace dfc
