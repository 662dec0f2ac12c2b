import type { AdminState } from '@/components/admin/state-queries'
import { type JobView, migrationKinds } from '@/lib/jobs/job'

/** What the Migration page shows. */
export type MigrationView =
  /** Nothing yet: choose a target. `failedStep` is a switch or a way back that just failed. */
  | { readonly view: 'start'; readonly failedStep: JobView | null }
  | { readonly view: 'running'; readonly jobId: string }
  /** A cut-over, a discard or a rollback at work. */
  | { readonly view: 'step'; readonly job: JobView }
  /** The last migration did not succeed, and nobody has gone on from there. */
  | { readonly view: 'ended'; readonly job: JobView }
  | { readonly view: 'ready'; readonly jobId: string | null; readonly failedStep: JobView | null }
  | { readonly view: 'postgres'; readonly failedStep: JobView | null }

const endedBadly: ReadonlySet<JobView['status']> = new Set(['failed', 'cancelled', 'interrupted'])

/**
 * The state of the app decides; jobs only fill in what it does not tell.
 *
 * @param jobs the latest ones, newest first
 * @param dismissed id of an ended job that the person has seen and gone on from
 */
export function chooseView(
  state: Pick<AdminState, 'state' | 'activeJob'>,
  jobs: readonly JobView[],
  dismissed: string | null,
): MigrationView {
  const { activeJob } = state
  if (activeJob && migrationKinds.has(activeJob.kind)) {
    return activeJob.kind === 'migrate' || activeJob.kind === 'forward'
      ? { view: 'running', jobId: activeJob.id }
      : { view: 'step', job: activeJob }
  }
  const last = jobs.find((job) => migrationKinds.has(job.kind))
  const isBad = last !== undefined && endedBadly.has(last.status) && last.id !== dismissed
  const failedStep = isBad && last.kind !== 'migrate' ? last : null
  switch (state.state.status) {
    case 'migrating':
      // No job is active: its worker died, and the next one will put things in order.
      return { view: 'running', jobId: state.state.jobId ?? last?.id ?? '' }
    case 'ready-to-switch':
      return { view: 'ready', jobId: state.state.jobId ?? null, failedStep }
    case 'on-postgresql':
      return { view: 'postgres', failedStep }
    case 'on-sqlite':
      return isBad && last.kind === 'migrate' ? { view: 'ended', job: last } : { view: 'start', failedStep }
  }
}
