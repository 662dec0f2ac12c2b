'use client'

import { useQueryClient } from '@tanstack/react-query'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { toast } from 'sonner'
import { ErrorPanel } from '@/components/api/error-panel'
import { PasswordDialog } from '@/components/jobs/password-dialog'
import { useWithPassword } from '@/components/jobs/use-with-password'
import { AlertDialog } from '@/components/ui/alert-dialog'
import { Button } from '@/components/ui/button'
import { Callout } from '@/components/ui/callout'
import { endSession, refreshDatabase, type SessionRequest } from './database-queries'

export interface EndSessionButtonProps {
  pid: number
  startedAt: string
  /** Whether it runs a statement, which can be cancelled alone. */
  isActive: boolean
  /** Whether it is one of our worker's or tools'. */
  isOurs: boolean
}

/** Cancels a statement or ends a session, after saying what that does. */
export function EndSessionButton({ pid, startedAt, isActive, isOurs }: EndSessionButtonProps) {
  const t = useTranslations('database.sessions')
  const common = useTranslations('common')
  const queryClient = useQueryClient()
  const [open, setOpen] = useState(false)
  const end = useWithPassword({
    mutationFn: endSession,
    onSuccess: (_answer, { how }: SessionRequest) => {
      setOpen(false)
      toast.success(t(how === 'cancel' ? 'cancelled' : 'ended', { pid: String(pid) }))
      void refreshDatabase(queryClient)
    },
  })
  // Hidden from the app's database user: what it is and whose nobody here knows, and ending it would be refused.
  if (startedAt === '') return <span className="text-ink-faint text-xs">{t('hidden')}</span>
  const go = (how: SessionRequest['how']) => end.mutate({ pid, startedAt, how, ours: isOurs })
  return (
    <>
      <Button
        size="small"
        aria-label={`${t('end')}: ${pid}`}
        onClick={() => {
          end.reset()
          setOpen(true)
        }}
      >
        {t('end')}
      </Button>
      <AlertDialog
        open={open}
        onOpenChange={setOpen}
        title={t('endTitle', { pid: String(pid) })}
        description={t('endBody')}
        footer={
          <>
            <Button variant="danger" pending={end.isPending} onClick={() => go('terminate')}>
              {t('terminate')}
            </Button>
            {isActive ? (
              <Button pending={end.isPending} onClick={() => go('cancel')}>
                {t('cancel')}
              </Button>
            ) : null}
            <Button onClick={() => setOpen(false)}>{common('cancel')}</Button>
          </>
        }
      >
        <div className="flex flex-col gap-3">
          {isOurs ? (
            <Callout tone="warning" title={t('ours')}>
              {t('oursBody')}
            </Callout>
          ) : null}
          {end.error ? <ErrorPanel error={end.error} announce /> : null}
        </div>
      </AlertDialog>
      <PasswordDialog {...end.passwordDialog} />
    </>
  )
}
