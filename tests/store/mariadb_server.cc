#include "mariadb_server.h"

#include <fcntl.h>
#include <mysql.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <thread>
#include <vector>

namespace dfc {

namespace {

// The server refuses to run as root unless told so; as anyone else it runs as it is.
const char* UserOption() { return ::geteuid() == 0 ? "--user=root" : nullptr; }

// Starts `words`, output into `log`; the child dies with this program. Not found: exit status 127.
int Spawn(const std::vector<std::string>& words, const std::string& log) {
  std::vector<char*> arguments;
  for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  const int pid = ::fork();
  if (pid != 0) return std::max(pid, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const int out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  ::dup2(out, STDOUT_FILENO);
  ::dup2(out, STDERR_FILENO);
  ::execvp(arguments[0], arguments.data());
  ::_exit(127);
}

// `words` with a folder of temporary tables of its own: a server that starts removes those of all
// others there.
std::vector<std::string> OfItsOwn(const std::string& folder, std::vector<std::string> words) {
  words.insert(words.begin(), {"env", "TMPDIR=" + folder});
  if (const char* user = UserOption()) words.push_back(user);
  return words;
}

MariadbServer* const server =
    static_cast<MariadbServer*>(::testing::AddGlobalTestEnvironment(new MariadbServer));

}  // namespace

MariadbServer& MariadbServer::Get() { return *server; }

bool MariadbServer::Available() {
  if (pid_ != 0) return true;
  if (failed_) return false;
  failed_ = !(installed_ || Install()) || !Start();
  return !failed_;
}

bool MariadbServer::Install() {
  const int pid = Spawn(
      OfItsOwn(dir_ / "", {"mariadb-install-db", "--no-defaults", "--datadir=" + dir_ / "data",
                           "--auth-root-authentication-method=normal", "--skip-test-db"}),
      dir_ / "install.log");
  int status = -1;
  if (pid != 0) ::waitpid(pid, &status, 0);
  installed_ = status == 0;
  if (!installed_) reason_ = "mariadb-install-db is not installed or failed";
  return installed_;
}

bool MariadbServer::Start() {
  const std::string program =
      ::access("/usr/sbin/mariadbd", X_OK) == 0 ? "/usr/sbin/mariadbd" : "mariadbd";
  pid_ =
      Spawn(OfItsOwn(dir_ / "",
                     {program, "--no-defaults", "--datadir=" + dir_ / "data",
                      "--socket=" + dir_ / "s", "--pid-file=" + dir_ / "pid", "--skip-networking",
                      "--innodb-buffer-pool-size=32M", "--innodb-log-file-size=32M",
                      "--innodb-flush-log-at-trx-commit=2", "--max-allowed-packet=16M"}),
            dir_ / "server.log");
  for (int tries = 0; pid_ != 0 && tries < 300; ++tries) {
    if (Run("DO 1")) return true;
    if (::waitpid(pid_, nullptr, WNOHANG) != 0) pid_ = 0;
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  reason_ = "mariadbd is not installed or does not start";
  Stop();
  return false;
}

void MariadbServer::Stop() {
  if (pid_ == 0) return;
  ::kill(pid_, SIGTERM);
  ::waitpid(pid_, nullptr, 0);
  pid_ = 0;
}

void MariadbServer::Kill() {
  if (pid_ == 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  pid_ = 0;
}

bool MariadbServer::Run(const std::string& sql) {
  MYSQL* session = mysql_init(nullptr);
  const bool done = mysql_real_connect(session, nullptr, "root", "", nullptr, 0,
                                       (dir_ / "s").c_str(), 0) != nullptr &&
                    mysql_query(session, sql.c_str()) == 0;
  mysql_close(session);
  return done;
}

StoreUrl MariadbServer::FreshDatabase(const std::string& name) {
  EXPECT_TRUE(Run("DROP DATABASE IF EXISTS " + name));
  EXPECT_TRUE(Run("CREATE DATABASE " + name));
  StoreUrl url;
  url.kind = StoreUrl::Kind::kMysql;
  url.user = "root";
  url.database = name;
  url.socket = dir_ / "s";
  return url;
}

}  // namespace dfc
