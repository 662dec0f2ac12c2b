'use client'

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Download, Printer, WandSparkles } from 'lucide-react'
import { useLocale, useTranslations } from 'next-intl'
import { useState } from 'react'
import { ErrorPanel } from '@/components/api/error-panel'
import { PasswordDialog } from '@/components/jobs/password-dialog'
import { useWithPassword } from '@/components/jobs/use-with-password'
import { Button } from '@/components/ui/button'
import { Callout } from '@/components/ui/callout'
import { Dialog } from '@/components/ui/dialog'
import { Field } from '@/components/ui/field'
import { Input } from '@/components/ui/input'
import { RadioCards } from '@/components/ui/radio-cards'
import { Textarea } from '@/components/ui/textarea'
import { type EncryptionChoice, generateKeysMutation, refreshBackups, saveEncryption } from './backup-queries'

export interface EncryptionDialogProps {
  open: boolean
  onOpenChange: (open: boolean) => void
}

const kinds = ['passphrase', 'recipients', 'none'] as const
const shortest = 14

/** How backups are encrypted from now on; then the recovery kit, offered once. */
export function EncryptionDialog({ open, onOpenChange }: EncryptionDialogProps) {
  const t = useTranslations('backups.encryption')
  const common = useTranslations('common')
  const locale = useLocale()
  const queryClient = useQueryClient()
  const [kind, setKind] = useState<(typeof kinds)[number]>('passphrase')
  const [passphrase, setPassphrase] = useState('')
  const [recipients, setRecipients] = useState('')
  const [identity, setIdentity] = useState<string | null>(null)
  const [kit, setKit] = useState<string | null>(null)
  const [wasTried, setWasTried] = useState(false)
  const generate = useMutation({
    ...generateKeysMutation(),
    onSuccess: (made) => {
      if (kind === 'passphrase') setPassphrase(made.passphrase)
      else {
        setRecipients(made.recipient)
        setIdentity(made.identity)
      }
    },
  })
  const close = () => {
    for (const reset of [setPassphrase, setRecipients]) reset('')
    setIdentity(null)
    setKit(null)
    setWasTried(false)
    onOpenChange(false)
  }
  const save = useWithPassword({
    mutationFn: saveEncryption,
    onSuccess: (answer) => {
      void refreshBackups(queryClient)
      if (answer.kit === null) close()
      else setKit(answer.kit)
    },
  })
  const listed = recipients.split(/\s+/).filter((line) => line !== '')
  const problem =
    kind === 'passphrase' && passphrase.trim().length < shortest
      ? t('tooShort', { count: shortest })
      : kind === 'recipients' && (listed.length === 0 || listed.some((line) => !/^age1[a-z0-9]{20,}$/.test(line)))
        ? t('noRecipient')
        : undefined
  const submit = () => {
    setWasTried(true)
    if (problem !== undefined) return
    const encryption: EncryptionChoice =
      kind === 'none' ? { kind } : kind === 'passphrase' ? { kind, passphrase: passphrase.trim() } : { kind, recipients: listed }
    save.mutate({ encryption, identity: kind === 'recipients' ? identity : null, locale: locale === 'fr' ? 'fr' : 'en' })
  }
  if (kit !== null) return <KitDialog kit={kit} open={open} onClose={close} />
  return (
    <>
      <Dialog
        open={open}
        onOpenChange={(next) => (next ? onOpenChange(true) : close())}
        title={t('title')}
        description={t('body')}
        closeLabel={common('close')}
        footer={
          <>
            <Button variant="primary" pending={save.isPending} onClick={submit}>
              {t('save')}
            </Button>
            <Button onClick={close}>{common('cancel')}</Button>
          </>
        }
      >
        <div className="flex flex-col gap-4">
          {save.error ? <ErrorPanel error={save.error} announce /> : null}
          {generate.error ? <ErrorPanel error={generate.error} announce /> : null}
          <RadioCards
            label={t('kind')}
            value={kind}
            onChange={setKind}
            items={kinds.map((value) => ({ value, label: t(`kinds.${value}.label`), description: t(`kinds.${value}.body`) }))}
          />
          {kind === 'passphrase' ? (
            <Field label={t('passphrase')} description={t('passphraseBody')} error={wasTried ? problem : undefined}>
              <Input
                value={passphrase}
                onValueChange={(next: string) => setPassphrase(next)}
                autoComplete="off"
                autoCapitalize="off"
                spellCheck={false}
                className="font-mono"
              />
            </Field>
          ) : null}
          {kind === 'recipients' ? (
            <Field label={t('recipients')} description={t('recipientsBody')} error={wasTried ? problem : undefined}>
              <Textarea
                value={recipients}
                onChange={(event) => {
                  setRecipients(event.target.value)
                  setIdentity(null)
                }}
                rows={3}
                spellCheck={false}
                className="font-mono text-xs"
              />
            </Field>
          ) : null}
          {kind === 'none' ? <Callout tone="warning" title={t('noneWarning')} /> : null}
          {kind === 'recipients' && identity !== null ? <Callout tone="info" title={t('identityMade')} /> : null}
          {kind === 'none' ? null : (
            <Button className="w-fit" pending={generate.isPending} onClick={() => generate.mutate()} icon={<WandSparkles aria-hidden />}>
              {t(kind === 'passphrase' ? 'generatePassphrase' : 'generatePair')}
            </Button>
          )}
        </div>
      </Dialog>
      <PasswordDialog {...save.passwordDialog} />
    </>
  )
}

/** The recovery kit: to keep now or never. */
function KitDialog({ kit, open, onClose }: { kit: string; open: boolean; onClose: () => void }) {
  const t = useTranslations('backups.kit')
  const common = useTranslations('common')
  const [isKept, setIsKept] = useState(false)
  const keep = () => {
    const url = URL.createObjectURL(new Blob([kit], { type: 'text/html' }))
    const link = document.createElement('a')
    link.href = url
    link.download = 'recovery-kit.html'
    link.click()
    URL.revokeObjectURL(url)
    setIsKept(true)
  }
  const print = () => {
    const frame = document.createElement('iframe')
    // Out of sight but laid out: what is hidden prints as an empty page.
    Object.assign(frame.style, { position: 'fixed', right: '0', bottom: '0', width: '0', height: '0', border: '0' })
    frame.tabIndex = -1
    frame.srcdoc = kit
    frame.title = t('title')
    frame.addEventListener('load', () => {
      frame.contentWindow?.addEventListener('afterprint', () => frame.remove())
      frame.contentWindow?.print()
    })
    document.body.append(frame)
    setIsKept(true)
  }
  return (
    <Dialog
      open={open}
      staysOpen={!isKept}
      onOpenChange={(next) => {
        if (!next) onClose()
      }}
      title={t('title')}
      description={t('body')}
      closeLabel={common('close')}
      footer={
        <>
          <Button variant={isKept ? 'secondary' : 'primary'} onClick={keep} icon={<Download aria-hidden />}>
            {t('download')}
          </Button>
          <Button onClick={print} icon={<Printer aria-hidden />}>
            {t('print')}
          </Button>
          <Button variant={isKept ? 'primary' : 'quiet'} onClick={onClose}>
            {t(isKept ? 'done' : 'without')}
          </Button>
        </>
      }
    >
      <Callout tone="warning" title={t('once')}>
        {t('onceBody')}
      </Callout>
    </Dialog>
  )
}
