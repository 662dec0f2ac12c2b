'use client'

import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useTranslations } from 'next-intl'
import { useId, useState } from 'react'
import { toast } from 'sonner'
import { ErrorPanel } from '@/components/api/error-panel'
import { PasswordDialog } from '@/components/jobs/password-dialog'
import { TypedConfirmation } from '@/components/jobs/typed-confirmation'
import { useWithPassword } from '@/components/jobs/use-with-password'
import { AlertDialog } from '@/components/ui/alert-dialog'
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
  const t = useTranslations()
  const queryClient = useQueryClient()
  const formId = useId()
  const [typed, setTyped] = useState('')
  const acknowledge = useWithPassword({
    ...acknowledgeKeyMutation(queryClient),
    onSuccess: async () => {
      change(false)
      toast.success(t('preflight.alarm.done'))
      await queryClient.invalidateQueries({ queryKey: keysQuery().queryKey })
    },
  })
  const change = (next: boolean) => {
    setTyped('')
    acknowledge.reset()
    onOpenChange(next)
  }
  return (
    <>
      <AlertDialog
        open={open && !acknowledge.passwordDialog.open}
        onOpenChange={change}
        title={t('preflight.alarm.acknowledge')}
        description={t('preflight.alarm.dialogBody')}
        footer={
          <>
            <Button type="submit" form={formId} variant="danger" disabled={typed !== name} pending={acknowledge.isPending}>
              {t('preflight.alarm.confirm')}
            </Button>
            <Button onClick={() => change(false)}>{t('common.cancel')}</Button>
          </>
        }
      >
        <form
          id={formId}
          className="flex flex-col gap-3"
          onSubmit={(event) => {
            event.preventDefault()
            if (typed === name) acknowledge.mutate({ name, fingerprint, confirmation: name })
          }}
        >
          <p className="rounded-md bg-sunken px-3 py-2 font-mono text-xs">{fingerprint}</p>
          <TypedConfirmation word={name} value={typed} onChange={setTyped} />
          {acknowledge.error ? <ErrorPanel error={acknowledge.error} announce /> : null}
        </form>
      </AlertDialog>
      <PasswordDialog {...acknowledge.passwordDialog} />
    </>
  )
}
