'use client'

import { CircleAlert, CircleCheck, CircleHelp, Wrench } from 'lucide-react'
import Link from 'next/link'
import { useTranslations } from 'next-intl'
import { ErrorPanel } from '@/components/api/error-panel'
import { useFormatters } from '@/components/format/use-formatters'
import { PasswordDialog } from '@/components/jobs/password-dialog'
import { useWithPassword } from '@/components/jobs/use-with-password'
import { CopyButton } from '@/components/preflight/copy-button'
import { Button, LinkButton } from '@/components/ui/button'
import { classNames } from '@/components/ui/class-names'
import type { Diagnosis } from '@/lib/troubleshooting/diagnosis'
import { requestMend } from './troubleshooting-queries'
import { useEntryWords } from './use-entry-words'

const looks = {
  is: { Icon: CircleAlert, ink: 'text-danger-ink', box: 'border-danger/40 bg-danger-soft' },
  'is-not': { Icon: CircleCheck, ink: 'text-success-ink', box: 'border-success/40 bg-success-soft' },
  unknown: { Icon: CircleHelp, ink: 'text-ink-soft', box: 'border-line-strong bg-sunken' },
} as const

export interface DiagnosisViewProps {
  entry: string
  diagnosis: Diagnosis
  /** Whether what was asked is the app's own database, which alone is mended from here. */
  isOwn: boolean
  onMended: (diagnosis: Diagnosis) => void
}

/** What a test found: whether it is this, the figures, the remedy to copy, and the button that mends it. */
export function DiagnosisView({ entry, diagnosis, isOwn, onMended }: DiagnosisViewProps) {
  const t = useTranslations('troubleshooting')
  const format = useFormatters()
  const { found, words } = useEntryWords()
  const mend = useWithPassword({ mutationFn: requestMend, onSuccess: onMended })
  const look = looks[diagnosis.outcome]
  const { job } = diagnosis.params
  return (
    <div
      role="status"
      data-outcome={diagnosis.outcome}
      data-finding={diagnosis.finding}
      className={classNames('rounded-lg border px-3 py-2.5', look.box)}
    >
      <p className="flex flex-wrap items-center gap-x-2 gap-y-0.5 font-medium">
        <look.Icon aria-hidden className={classNames('size-4 shrink-0', look.ink)} />
        {t(`outcomes.${diagnosis.outcome}`)}
        <span className="tabular font-normal text-ink-soft text-xs">{format.duration(Math.max(1, diagnosis.elapsedMs))}</span>
      </p>
      <p className="mt-1 break-words">{found(diagnosis)}</p>
      {diagnosis.asked === null ? null : <p className="mt-1 break-all font-mono text-ink-soft text-xs">{diagnosis.asked}</p>}
      {diagnosis.detail === null ? null : (
        <p lang="en" className="mt-1 whitespace-pre-wrap break-words font-mono text-ink-soft text-xs">
          {diagnosis.detail}
        </p>
      )}
      {diagnosis.examples.length === 0 ? null : (
        <ul className="mt-1.5 flex max-h-40 flex-col gap-0.5 overflow-y-auto break-all font-mono text-xs">
          {diagnosis.examples.map((example) => (
            <li key={example}>{example}</li>
          ))}
        </ul>
      )}
      {diagnosis.seeAlso === null ? null : (
        <p className="mt-1.5">
          <Link href={`#${diagnosis.seeAlso}`} className="rounded underline underline-offset-4">
            {t('seeAlso', { title: words({ id: diagnosis.seeAlso }).title })}
          </Link>
        </p>
      )}
      {diagnosis.remedy === null ? null : <Command text={diagnosis.remedy} label={t('remedy')} />}
      {(diagnosis.mend !== null && isOwn) || typeof job === 'string' ? (
        <div className="mt-2.5 flex flex-wrap gap-2">
          {diagnosis.mend !== null && isOwn ? (
            <Button
              icon={<Wrench aria-hidden />}
              pending={mend.isPending}
              onClick={() => diagnosis.mend !== null && mend.mutate({ entry, mend: diagnosis.mend })}
            >
              {t(`mends.${diagnosis.mend}`)}
            </Button>
          ) : null}
          {typeof job === 'string' ? <LinkButton href={`/admin/activity/${job}`}>{t('openJob')}</LinkButton> : null}
        </div>
      ) : null}
      {mend.error ? <ErrorPanel error={mend.error} announce className="mt-2" /> : null}
      <PasswordDialog {...mend.passwordDialog} />
    </div>
  )
}

function Command({ text, label }: { text: string; label: string }) {
  return (
    <div className="mt-2 flex items-start justify-between gap-2 rounded-md border border-line bg-surface p-2">
      <pre className="max-h-48 min-w-0 overflow-y-auto whitespace-pre-wrap break-all pt-0.5 font-mono text-xs">{text}</pre>
      <CopyButton text={text} label={label} />
    </div>
  )
}
