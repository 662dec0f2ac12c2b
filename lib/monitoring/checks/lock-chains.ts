import type { Session } from '@/lib/monitoring/health-report'

/** A session at the head of a queue: others wait for it, and it waits for nobody. */
export interface LockChain {
  /** Null for a prepared transaction, or a session that is not shown (another database, a background process). */
  readonly root: Session | null
  readonly rootPid: number
  /** How many wait, directly or behind others. */
  readonly blocked: number
  readonly longestWaitMs: number
}

/** The heads of all queues, the one with most waiting first. Sessions in a circle are left to PostgreSQL's own deadlock check. Pure. */
export function rootBlockers(sessions: readonly Session[]): readonly LockChain[] {
  const byPid = new Map(sessions.map((session) => [session.pid, session]))
  const waiting = sessions.filter(({ blockedBy }) => blockedBy.length > 0)
  const chains = new Map<number, { blocked: Set<number>; longestWaitMs: number }>()
  for (const session of waiting) {
    for (const root of rootsOf(session, byPid)) {
      const chain = chains.get(root) ?? { blocked: new Set<number>(), longestWaitMs: 0 }
      chain.blocked.add(session.pid)
      chain.longestWaitMs = Math.max(chain.longestWaitMs, session.statementMs ?? 0)
      chains.set(root, chain)
    }
  }
  return [...chains]
    .map(([rootPid, { blocked, longestWaitMs }]) => ({ root: byPid.get(rootPid) ?? null, rootPid, blocked: blocked.size, longestWaitMs }))
    .sort((left, right) => right.blocked - left.blocked)
}

function rootsOf(session: Session, byPid: ReadonlyMap<number, Session>): ReadonlySet<number> {
  const seen = new Set<number>([session.pid])
  const roots = new Set<number>()
  const queue = [...session.blockedBy]
  for (let pid = queue.pop(); pid !== undefined; pid = queue.pop()) {
    if (seen.has(pid)) continue
    seen.add(pid)
    const blocker = byPid.get(pid)
    if (blocker && blocker.blockedBy.length > 0) queue.push(...blocker.blockedBy)
    else roots.add(pid)
  }
  return roots
}
