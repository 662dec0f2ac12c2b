'use client'

import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef } from 'react'
import { refreshBackups } from './backup-queries'

/** Asks for the backups anew when the job that was followed is no longer at work: its end changes the list. */
export function useRefreshWhenEnded(runningJobId: string | undefined): void {
  const queryClient = useQueryClient()
  const before = useRef(runningJobId)
  useEffect(() => {
    if (before.current !== undefined && before.current !== runningJobId) void refreshBackups(queryClient)
    before.current = runningJobId
  }, [runningJobId, queryClient])
}
