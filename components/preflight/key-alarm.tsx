'use client'

import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { toast } from 'sonner'
import { TypedDialog } from '@/components/jobs/typed-dialog'
import { useWithPassword } from '@/components/jobs/use-with-password'
import { Button } from '@/components/ui/button'
import { Callout } from '@/components/ui/callout'
import { acknowledgeKeyMutation, keysQuery, type WatchedKey } from './preflight-queries'

/** The alarm over a key that is not the one it was; nothing while all are. Stays until it is acknowledged or the key returns. */
export function KeyAlarm() {
  const { data } = useQuery(keysQuery())
  return data?.keys.filter(({ status }) => status === 'changed').map((key) => <Alarm key={key.name} changed={key} />)
}

function Alarm({ changed }: { changed: WatchedKey }) {
  const t = useTranslations('preflight.alarm')
  const [open, setOpen] = useState(false)
  const { name, accepted, fingerprint } = changed
  return (
    <>
      <Callout
        tone="danger"
        title={t('title', { key: name })}
        live="alert"
        actions={<Button onClick={() => setOpen(true)}>{t('acknowledge')}</Button>}
      >
        <p>{t(name === 'CV_ENCRYPTION_KEY' ? 'cv' : 'session')}</p>
        <p className="mt-1">{t('doBack')}</p>
        <p className="mt-1 font-mono text-xs">
          {t('was')} {accepted} → {t('is')} {fingerprint}
        </p>
      </Callout>
      <AcknowledgeDialog changed={changed} open={open} onOpenChange={setOpen} />
    </>
  )
}

interface AcknowledgeDialogProps {
  changed: WatchedKey
  open: boolean
  onOpenChange: (open: boolean) => void
}

/** Asks for the key's name, and for the password where it was not given lately. */
function AcknowledgeDialog({ changed: { name, fingerprint }, open, onOpenChange }: AcknowledgeDialogProps) {
  const t = useTranslations('preflight.alarm')
  const queryClient = useQueryClient()
  const acknowledge = useWithPassword({
    ...acknowledgeKeyMutation(queryClient),
    onSuccess: async () => {
      onOpenChange(false)
      toast.success(t('done'))
      await queryClient.invalidateQueries({ queryKey: keysQuery().queryKey })
    },
  })
  return (
    <TypedDialog
      open={open}
      onOpenChange={onOpenChange}
      title={t('acknowledge')}
      description={t('dialogBody')}
      word={name}
      submitLabel={t('confirm')}
      variant="danger"
      action={acknowledge}
      onSubmit={() => acknowledge.mutate({ name, fingerprint, confirmation: name })}
    >
      <p className="rounded-md bg-sunken px-3 py-2 font-mono text-xs">{fingerprint}</p>
    </TypedDialog>
  )
}
