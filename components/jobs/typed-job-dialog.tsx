'use client'

import type { JobRequest } from './job-queries'
import { TypedDialog, type TypedDialogProps } from './typed-dialog'
import { useWeightyJob } from './use-weighty-job'

export interface TypedJobDialogProps extends Omit<TypedDialogProps, 'action' | 'onSubmit' | 'isReady'> {
  /** What is asked of the server once the word was typed. */
  request: JobRequest
}

/** Asks for a typed confirmation, and for the password where it was not given lately, then starts a job. */
export function TypedJobDialog({ request, ...dialog }: TypedJobDialogProps) {
  const job = useWeightyJob(() => {
    job.reset()
    dialog.onOpenChange(false)
  })
  return <TypedDialog {...dialog} action={job} onSubmit={() => job.start(request)} />
}
