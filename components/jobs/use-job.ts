'use client'

import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import type { JobView } from '@/lib/jobs/job'
import { addEvents, type JobProgress, noProgress } from './job-progress'
import { jobKeys, jobQuery, refreshJobs } from './job-queries'
import { openJobStream, type StreamState } from './job-stream'

export interface FollowedJob {
  /** The REST snapshot; undefined before the first answer. */
  readonly job: JobView | undefined
  readonly progress: JobProgress
  readonly stream: StreamState
  readonly error: unknown
  refetch(): void
}

/**
 * A job with everything its events tell, live while it runs. The snapshot is asked for at each connect and
 * at the end, so that the page cannot stay on "running" when the stream lost the last word.
 */
export function useJob(jobId: string): FollowedJob {
  const queryClient = useQueryClient()
  const { data: job, error, refetch } = useQuery(jobQuery(jobId))
  const [followed, setFollowed] = useState<{ id: string; progress: JobProgress; stream: StreamState }>({
    id: jobId,
    progress: noProgress,
    stream: 'connecting',
  })

  useEffect(() => {
    setFollowed({ id: jobId, progress: noProgress, stream: 'connecting' })
    const stream = openJobStream(jobId, {
      onEvents: (events) => setFollowed((before) => ({ ...before, progress: addEvents(before.progress, events) })),
      onState: (state) => {
        setFollowed((before) => ({ ...before, stream: state }))
        if (state === 'open') void queryClient.invalidateQueries({ queryKey: jobKeys.detail(jobId) })
        if (state === 'ended') void refreshJobs(queryClient)
      },
    })
    return () => stream.close()
  }, [jobId, queryClient])

  const current = followed.id === jobId ? followed : { progress: noProgress, stream: 'connecting' as const }
  return { job, progress: current.progress, stream: current.stream, error, refetch: () => void refetch() }
}
