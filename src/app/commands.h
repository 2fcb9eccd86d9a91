// The subcommands. Each does all of its work and returns the exit status of the process.
// Module: app
#pragma once

#include "options.h"

namespace dfc {

int InitCommand(const CommonOptions& common);
int ReplayCommand(const CommonOptions& common, const ReplayOptions& options);
int FlowsCommand(const CommonOptions& common, const ListOptions& options);
int ShowCommand(const CommonOptions& common, const ShowOptions& options);
int IcmpCommand(const CommonOptions& common, const ListOptions& options);
int ServeCommand(const CommonOptions& common, const ServeOptions& options);
int VerifyCommand(const CommonOptions& common, const VerifyOptions& options);

}  // namespace dfc
