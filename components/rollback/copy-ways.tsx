'use client'

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Undo2 } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { ErrorPanel } from '@/components/api/error-panel'
import { CancelJobButton } from '@/components/jobs/cancel-job-button'
import { startJobMutation } from '@/components/jobs/job-queries'
import { AlertDialog } from '@/components/ui/alert-dialog'
import { Badge } from '@/components/ui/badge'
import { Button, LinkButton } from '@/components/ui/button'
import type { JobView } from '@/lib/jobs/job'
import { WayCard } from './way-card'

/** While a copy is made: stop it. The app has not left SQLite. */
export function StopWay({ job }: { job: JobView }) {
  const t = useTranslations('rollback')
  return (
    <WayCard
      id="way-stop"
      title={t('stop.title')}
      description={t('stop.body')}
      badge={<Badge tone="success">{t('losesNothing')}</Badge>}
      facts={[
        [t('loses'), t('stop.loses')],
        [t('takes'), t('stop.takes')],
        [t('meanwhile'), t('stop.meanwhile')],
      ]}
      actions={
        <>
          <CancelJobButton job={job} />
          <LinkButton href="/admin/migration">{t('openMigration')}</LinkButton>
        </>
      }
    />
  )
}

/** While a finished copy waits for the switch: give it up. */
export function DiscardWay({ isLive, busy }: { isLive: boolean; busy: boolean }) {
  const t = useTranslations('rollback')
  const words = useTranslations('migration')
  const common = useTranslations('common')
  const queryClient = useQueryClient()
  const [open, setOpen] = useState(false)
  const discard = useMutation(startJobMutation(queryClient))
  return (
    <>
      <WayCard
        id="way-discard"
        title={t('discard.title')}
        description={t('discard.body')}
        badge={<Badge tone="success">{t('losesNothing')}</Badge>}
        facts={[
          [t('loses'), t('discard.loses')],
          [t('takes'), t('discard.takes')],
          [t('meanwhile'), t(isLive ? 'discard.meanwhileLive' : 'discard.meanwhile')],
        ]}
        actions={
          <>
            <Button disabled={busy} pending={discard.isPending} onClick={() => setOpen(true)} icon={<Undo2 aria-hidden />}>
              {words('ready.keep')}
            </Button>
            <LinkButton href="/admin/migration">{t('openMigration')}</LinkButton>
            {discard.error ? <ErrorPanel error={discard.error} announce className="w-full" /> : null}
          </>
        }
      />
      <AlertDialog
        open={open}
        onOpenChange={setOpen}
        title={words('keepDialog.title')}
        description={words('keepDialog.body')}
        footer={
          <>
            <Button
              variant="danger"
              onClick={() => {
                setOpen(false)
                discard.mutate({ kind: 'discard' })
              }}
            >
              {words('ready.keep')}
            </Button>
            <Button onClick={() => setOpen(false)}>{common('cancel')}</Button>
          </>
        }
      />
    </>
  )
}
