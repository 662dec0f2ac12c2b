'use client'

import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { TypedDialog } from '@/components/jobs/typed-dialog'
import { useWithPassword } from '@/components/jobs/use-with-password'
import { Button } from '@/components/ui/button'
import { Callout } from '@/components/ui/callout'
import type { BackupView } from '@/lib/backup/backup-view'
import { refreshBackups } from './backup-queries'
import { moveFactsQuery, trustBackup } from './upload-queries'

/** An archive that came from elsewhere: what that means, and the typed word after which it may be used. */
export function ForeignNotice({ backup }: { backup: BackupView }) {
  const t = useTranslations('backups.foreign')
  const queryClient = useQueryClient()
  const [isAsking, setIsAsking] = useState(false)
  const { data: server } = useQuery(moveFactsQuery())
  const files = backup.manifest?.files
  const isOtherKey = server !== undefined && files !== undefined && files.count > 0 && files.keyFingerprint !== server.keyFingerprint
  const trust = useWithPassword({
    mutationFn: trustBackup,
    onSuccess: () => {
      setIsAsking(false)
      void refreshBackups(queryClient)
    },
  })
  return (
    <>
      <Callout tone="warning" title={t('title')} actions={<Button onClick={() => setIsAsking(true)}>{t('trust')}</Button>}>
        {t('body')}
      </Callout>
      {isOtherKey ? (
        <Callout tone="danger" title={t('otherKey')}>
          {t('otherKeyBody', { archive: files.keyFingerprint, here: server.keyFingerprint })}
        </Callout>
      ) : null}
      <TypedDialog
        open={isAsking}
        onOpenChange={setIsAsking}
        title={t('dialogTitle')}
        description={t('dialogBody')}
        word="TRUST"
        submitLabel={t('submit')}
        variant="danger"
        action={trust}
        onSubmit={() => trust.mutate(backup.id)}
      >
        <dl className="rounded-md bg-sunken px-3 py-2 text-xs">
          <dt className="text-ink-faint">SHA-256</dt>
          <dd className="break-all font-mono">{backup.sha256}</dd>
        </dl>
      </TypedDialog>
    </>
  )
}
