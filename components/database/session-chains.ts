import type { Session } from '@/lib/monitoring/health-report'

/** A session at its place in a queue of locks: 0 for one that waits for nobody. */
export interface ChainedSession {
  readonly session: Session
  readonly depth: number
}

/**
 * Sessions in the order of their queues: each one that holds others up is followed by those that wait for it. One that waits
 * for several stands behind the first of them; one that waits for somebody who is not shown stands for itself. Pure.
 */
export function chainSessions(sessions: readonly Session[]): readonly ChainedSession[] {
  const byPid = new Map(sessions.map((session) => [session.pid, session]))
  const behind = new Map<number, Session[]>()
  const heads: Session[] = []
  for (const session of sessions) {
    const before = session.blockedBy.find((pid) => byPid.has(pid) && pid !== session.pid)
    if (before === undefined) heads.push(session)
    else behind.set(before, [...(behind.get(before) ?? []), session])
  }
  const ordered: ChainedSession[] = []
  const seen = new Set<number>()
  const add = (session: Session, depth: number) => {
    if (seen.has(session.pid)) return
    seen.add(session.pid)
    ordered.push({ session, depth })
    for (const next of behind.get(session.pid) ?? []) add(next, depth + 1)
  }
  // Those who hold others up first; those in a circle, which have no head, last.
  for (const head of heads.toSorted((left, right) => (behind.get(right.pid)?.length ?? 0) - (behind.get(left.pid)?.length ?? 0)))
    add(head, 0)
  for (const session of sessions) add(session, 0)
  return ordered
}
