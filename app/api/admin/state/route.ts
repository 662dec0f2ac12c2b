import { adminRoute } from '@/app/_server/api-route'
import { readActiveDatabase } from '@/lib/control/active-database'
import { activeEngine, type FormerCopy, isWritable } from '@/lib/control/active-state'
import { readUnsettled } from '@/lib/control/exclusive'
import { readWorkerStatus } from '@/lib/control/workers'
import { findActiveJob } from '@/lib/jobs/job-queue'
import { targetLabel } from '@/lib/postgres/target-url'

/** Where the app stands: active database, worker, job under way. Sealed URLs stay here. */
export const GET = adminRoute({}, async ({ container: { control, environment } }) => {
  const [{ state }, worker, activeJob, unsettled] = await Promise.all([
    readActiveDatabase(control),
    readWorkerStatus(control),
    findActiveJob(control),
    readUnsettled(control),
  ])
  return {
    state: {
      status: state.status,
      ...('since' in state ? { since: state.since } : {}),
      ...('mode' in state && state.mode !== undefined ? { mode: state.mode } : {}),
      ...('target' in state ? { targetLabel: state.target.label } : {}),
      ...(state.status === 'on-postgresql' && state.finished
        ? { finished: { at: state.finished.at, archive: state.finished.archive } }
        : {}),
      ...(state.status === 'on-sqlite' && state.former ? { former: formerOf(state.former) } : {}),
      ...('jobId' in state && state.jobId !== null ? { jobId: state.jobId } : {}),
    },
    engine: activeEngine(state),
    writable: isWritable(state),
    worker: { alive: worker.alive, lastSeenAt: worker.lastSeenAt?.toISOString() ?? null },
    activeJob,
    environmentTargetLabel: environmentTarget(environment.targetUrl),
    // Set while an exclusive operation runs, and until a worker has recovered from one that died.
    unsettled: unsettled && { purpose: unsettled.purpose, since: unsettled.since },
  }
})

function formerOf({ at, how, target, log }: FormerCopy) {
  return { at, how, targetLabel: target.label, isNoted: log !== null }
}

/** Null as well for a TARGET_DATABASE_URL that cannot be used: `npm start` says so, and so does a migration to it. */
function environmentTarget(url: string | null): string | null {
  try {
    return url === null ? null : targetLabel(url)
  } catch {
    return null
  }
}
