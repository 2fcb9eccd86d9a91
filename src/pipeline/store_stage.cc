#include "store_stage.h"

namespace dfc {

bool StoreStage::RunOnce() {
  StoreJob* const job = link_.jobs.Pop();
  if (job == nullptr) return false;
  switch (job->kind) {
    case StoreJob::Kind::kWrite:
      job->status = job->turn == failed_turn_ ? absl::CancelledError("after one that failed")
                                              : writer_.Write(*job->block, job->written);
      if (!job->status.ok()) failed_turn_ = job->turn;
      break;
    case StoreJob::Kind::kForget:
      job->status = store_.Forget(job->epoch, job->sequence);
      break;
    case StoreJob::Kind::kEnd:
      done_ = true;
      break;
  }
  link_.done.Push(job);
  sink_bell_.Ring();
  return true;
}

}  // namespace dfc
