#include <fmt/format.h>
#include <unistd.h>

#include "commands.h"
#include "dfc/reader.h"
#include "dfc/retention.h"
#include "dfc/time.h"
#include "output.h"
#include "reading.h"

namespace dfc {
namespace {

absl::StatusOr<FlowId> FindId(const CommonOptions& common, const PinOptions& options) {
  DFC_ASSIGN_OR_RETURN(const auto reader, OpenStoreForReading(common.store));
  DFC_ASSIGN_OR_RETURN(const StoredFlow flow, FindFlow(*reader, options.flow));
  return flow.row.id;
}

absl::StatusOr<std::string> Pin(const CommonOptions& common, const PinOptions& options) {
  DFC_ASSIGN_OR_RETURN(const FlowId id, FindId(common, options));
  DFC_ASSIGN_OR_RETURN(const StoreUrl url, ParseStoreUrl(common.store));
  DFC_RETURN_IF_ERROR(PinFlow(url, id, WallClockNs()));
  return fmt::format("{}: stays until it is unpinned\n", FormatFlowId(id));
}

absl::StatusOr<std::string> Unpin(const CommonOptions& common, const PinOptions& options) {
  DFC_ASSIGN_OR_RETURN(const FlowId id, FindId(common, options));
  DFC_ASSIGN_OR_RETURN(const StoreUrl url, ParseStoreUrl(common.store));
  DFC_ASSIGN_OR_RETURN(const bool was_pinned, UnpinFlow(url, id));
  return fmt::format("{}: {}\n", FormatFlowId(id),
                     was_pinned ? "stays as long as others" : "was not pinned");
}

int Report(const absl::StatusOr<std::string>& text) {
  if (!text.ok()) return ReportFailure(text.status());
  Output(STDOUT_FILENO).Write(*text);
  return kExitDone;
}

}  // namespace

int PinCommand(const CommonOptions& common, const PinOptions& options) {
  return Report(Pin(common, options));
}

int UnpinCommand(const CommonOptions& common, const PinOptions& options) {
  return Report(Unpin(common, options));
}

}  // namespace dfc
