// dfc: puts the data flows of a network back together and keeps their content.
#include <clocale>
#include <csignal>

#include "commands.h"
#include "options.h"

int main(int argc, char** argv) {
  // Only the kind of characters: numbers are written the same way everywhere.
  std::setlocale(LC_CTYPE, "");
  // A reader of our output, or a database server, that went away is an error of write().
  std::signal(SIGPIPE, SIG_IGN);

  const dfc::CommandLine line = dfc::ParseCommandLine(argc, argv);
  switch (line.command) {
    case dfc::Command::kInit:
      return dfc::InitCommand(line.common, line.init);
    case dfc::Command::kReplay:
      return dfc::ReplayCommand(line.common, line.replay);
    case dfc::Command::kCapture:
      return dfc::CaptureCommand(line.common, line.capture,
                                 [=] { return dfc::ParseCommandLine(argc, argv); });
    case dfc::Command::kInterfaces:
      return dfc::InterfacesCommand(line.interfaces);
    case dfc::Command::kFlows:
      return dfc::FlowsCommand(line.common, line.list);
    case dfc::Command::kShow:
      return dfc::ShowCommand(line.common, line.show);
    case dfc::Command::kIcmp:
      return dfc::IcmpCommand(line.common, line.list);
    case dfc::Command::kServe:
      return dfc::ServeCommand(line.common, line.serve);
    case dfc::Command::kSpool:
      return dfc::SpoolCommand(line.common, line.spool);
    case dfc::Command::kVerify:
      return dfc::VerifyCommand(line.common, line.verify);
    case dfc::Command::kPrune:
      return dfc::PruneCommand(line.common, line.prune);
    case dfc::Command::kPin:
      return dfc::PinCommand(line.common, line.pin);
    case dfc::Command::kUnpin:
      return dfc::UnpinCommand(line.common, line.pin);
    case dfc::Command::kConfig:
      return dfc::ConfigCommand(line.common, line.config);
    case dfc::Command::kNone:
      return line.exit_status;
  }
  return line.exit_status;
}
