'use client'

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { CircleStop } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { toast } from 'sonner'
import { useErrorText } from '@/components/api/use-error-text'
import { AlertDialog } from '@/components/ui/alert-dialog'
import { Button } from '@/components/ui/button'
import type { JobView } from '@/lib/jobs/job'
import { cancelJobMutation } from './job-queries'

/** Stops a job after asking once. While it stops the button says so. */
export function CancelJobButton({ job }: { job: JobView }) {
  const t = useTranslations('jobs')
  const errorText = useErrorText()
  const queryClient = useQueryClient()
  const [open, setOpen] = useState(false)
  const cancel = useMutation({
    ...cancelJobMutation(queryClient),
    onError: (error) => toast.error(errorText(error).title, { description: errorText(error).hint }),
  })
  const isStopping = job.cancelRequestedAt !== null || cancel.isPending || cancel.isSuccess
  const name = t(job.kind === 'migrate' ? 'cancel' : 'cancelJob')
  if (isStopping) {
    return (
      <p role="status" className="text-ink-soft text-sm">
        {t('cancelling')}
      </p>
    )
  }
  return (
    <>
      <Button onClick={() => setOpen(true)} icon={<CircleStop aria-hidden />}>
        {name}
      </Button>
      <AlertDialog
        open={open}
        onOpenChange={setOpen}
        title={t('cancelTitle')}
        description={t(job.kind === 'migrate' ? 'cancelBody' : 'cancelBodyOther')}
        footer={
          <>
            <Button
              variant="danger"
              onClick={() => {
                setOpen(false)
                cancel.mutate(job.id)
              }}
            >
              {name}
            </Button>
            <Button onClick={() => setOpen(false)}>{t('keepRunning')}</Button>
          </>
        }
      />
    </>
  )
}
