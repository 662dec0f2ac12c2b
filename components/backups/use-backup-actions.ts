'use client'

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { toast } from 'sonner'
import { useErrorText } from '@/components/api/use-error-text'
import { useWithPassword } from '@/components/jobs/use-with-password'
import { deleteBackup, lockMutation, refreshBackups, requestDownload, startTrialMutation } from './backup-queries'

/** What can be done with a backup, with the words for what goes wrong; each may ask for the password first. */
export function useBackupActions(onDeleted?: () => void) {
  const queryClient = useQueryClient()
  const errorText = useErrorText()
  const tell = (error: unknown) => toast.error(errorText(error).title, { description: errorText(error).hint })
  const download = useWithPassword({ mutationFn: requestDownload, onSuccess: ({ path }) => window.location.assign(path) })
  const remove = useWithPassword({
    mutationFn: deleteBackup,
    onSuccess: () => {
      void refreshBackups(queryClient)
      onDeleted?.()
    },
  })
  const lock = useMutation({ ...lockMutation(queryClient), onError: tell })
  const trial = useMutation({ ...startTrialMutation(queryClient), onError: tell })
  return { download, remove, lock, trial }
}
