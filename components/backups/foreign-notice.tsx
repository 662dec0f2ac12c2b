'use client'

import { useQueryClient } from '@tanstack/react-query'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { ErrorPanel } from '@/components/api/error-panel'
import { PasswordDialog } from '@/components/jobs/password-dialog'
import { TypedConfirmation } from '@/components/jobs/typed-confirmation'
import { useWithPassword } from '@/components/jobs/use-with-password'
import { Button } from '@/components/ui/button'
import { Callout } from '@/components/ui/callout'
import { Dialog } from '@/components/ui/dialog'
import type { BackupView } from '@/lib/backup/backup-view'
import { refreshBackups } from './backup-queries'
import { trustBackup } from './upload-queries'

const word = 'TRUST'

/** An archive that came from elsewhere: what that means, and the typed word after which it may be used. */
export function ForeignNotice({ backup }: { backup: BackupView }) {
  const t = useTranslations('backups.foreign')
  const common = useTranslations('common')
  const queryClient = useQueryClient()
  const [isAsking, setIsAsking] = useState(false)
  const [typed, setTyped] = useState('')
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
      <Dialog
        open={isAsking}
        onOpenChange={setIsAsking}
        title={t('dialogTitle')}
        description={t('dialogBody')}
        closeLabel={common('close')}
        footer={
          <>
            <Button variant="danger" disabled={typed !== word} pending={trust.isPending} onClick={() => trust.mutate(backup.id)}>
              {t('submit')}
            </Button>
            <Button onClick={() => setIsAsking(false)}>{common('cancel')}</Button>
          </>
        }
      >
        <div className="flex flex-col gap-4">
          <p className="break-all font-mono text-xs">{backup.sha256}</p>
          <TypedConfirmation word={word} value={typed} onChange={setTyped} />
          {trust.error ? <ErrorPanel error={trust.error} announce /> : null}
        </div>
      </Dialog>
      <PasswordDialog {...trust.passwordDialog} />
    </>
  )
}
