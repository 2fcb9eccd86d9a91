// The subcommands. Each does all of its work and returns the exit status of the process.
// Module: app
#pragma once

#include <functional>

#include "options.h"

namespace dfc {

int InitCommand(const CommonOptions& common, const InitOptions& options);
int ReplayCommand(const CommonOptions& common, const ReplayOptions& options);
// `again` parses the command line once more, and with it the file of --config.
int CaptureCommand(const CommonOptions& common, const CaptureOptions& options,
                   const std::function<CommandLine()>& again);
int InterfacesCommand(const InterfacesOptions& options);
int FlowsCommand(const CommonOptions& common, const ListOptions& options);
int ShowCommand(const CommonOptions& common, const ShowOptions& options);
int IcmpCommand(const CommonOptions& common, const ListOptions& options);
int ServeCommand(const CommonOptions& common, const ServeOptions& options);
int SpoolCommand(const CommonOptions& common, const SpoolCommandOptions& options);
int VerifyCommand(const CommonOptions& common, const VerifyOptions& options);
int PruneCommand(const CommonOptions& common, const PruneOptions& options);
int PinCommand(const CommonOptions& common, const PinOptions& options);
int UnpinCommand(const CommonOptions& common, const PinOptions& options);
int ConfigCommand(const CommonOptions& common, const ConfigOptions& options);

}  // namespace dfc
