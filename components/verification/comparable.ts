import type { AdminState } from '@/components/admin/state-queries'

/**
 * Why the two databases cannot be compared now: there is no finished copy; the copy follows an app that goes on writing, so
 * that the sides are never the same at one moment; or nothing but PostgreSQL is in use. Null when they can.
 */
export function whyNotComparable({ status, mode, jobId, finished }: AdminState['state']): 'nothing' | 'following' | 'kept' | null {
  if (status === 'ready-to-switch') return mode === 'live' ? 'following' : null
  if (status === 'on-postgresql') return finished || !jobId ? 'kept' : null
  return 'nothing'
}
