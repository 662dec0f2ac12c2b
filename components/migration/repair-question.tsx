'use client'

import { Radio } from '@base-ui/react/radio'
import { RadioGroup } from '@base-ui/react/radio-group'
import { useTranslations } from 'next-intl'
import { useId } from 'react'
import { useFormatters } from '@/components/format/use-formatters'
import { useFindingWords } from '@/components/jobs/use-finding-words'
import { Badge } from '@/components/ui/badge'
import type { RepairQuestion as Question } from './repair-plan'
import { useRepairText } from './use-repair-text'

export interface RepairQuestionProps {
  question: Question
  /** Undefined: stop. */
  value: string | undefined
  onChange: (choice: string | undefined) => void
}

const stop = 'stop'

/** One finding that stops the migration: what, where, how many, which rows, and what is to become of them. */
export function RepairQuestion({ question: { finding, kind }, value, onChange }: RepairQuestionProps) {
  const t = useTranslations('migration.repairs')
  const text = useRepairText()
  const words = useFindingWords()(finding)
  const format = useFormatters()
  const id = useId()
  const place = [finding.table, finding.column].filter((part) => part !== null).join('.')
  const keys = finding.sampleKeys.length > 0 ? finding.sampleKeys : finding.key === null ? [] : [finding.key]
  return (
    <div className="grid gap-x-6 gap-y-3 px-4 py-4 sm:px-5 lg:grid-cols-2">
      <div className="min-w-0">
        <p className="flex flex-wrap items-center gap-x-2 gap-y-1">
          <span id={`${id}-place`} className="break-all font-medium">
            {place}
          </span>
          <Badge tone={value === undefined ? 'danger' : 'info'}>
            {t('rows', { count: finding.count, shown: format.number(finding.count) })}
          </Badge>
        </p>
        <p className="mt-0.5 text-ink-soft text-sm">{kind === null ? t('unrepairable') : text.title(kind)}</p>
        <p {...(words.isEnglish ? { lang: 'en' } : {})} className="mt-1 break-words text-ink-faint text-xs">
          {words.message}
          {kind === null ? ` ${words.hint}` : ''}
        </p>
        {keys.length === 0 ? null : (
          <details className="mt-1.5 text-xs">
            <summary className="w-fit cursor-pointer rounded text-ink-soft">{t('keys', { count: keys.length })}</summary>
            <ul className="mt-1 flex flex-col gap-0.5 break-all font-mono text-ink-faint">
              {keys.map((key) => (
                <li key={JSON.stringify(key)}>{text.key(key)}</li>
              ))}
            </ul>
          </details>
        )}
      </div>
      {kind === null ? (
        <p className="self-start text-ink-faint text-sm">{t('correct')}</p>
      ) : (
        <RadioGroup
          aria-labelledby={`${id}-place`}
          value={value ?? stop}
          onValueChange={(next) => onChange(next === stop ? undefined : String(next))}
          className="flex flex-col gap-1.5 self-start"
        >
          <Option id={id} value={stop} title={t('stop')} body={t('stopBody')} />
          {finding.choices.map(({ choice }) => (
            <Option key={choice} id={id} value={choice} title={text.choice(kind, choice)} body={null} />
          ))}
        </RadioGroup>
      )}
    </div>
  )
}

function Option({ id, value, title, body }: { id: string; value: string; title: string; body: string | null }) {
  return (
    <Radio.Root
      value={value}
      aria-labelledby={`${id}-${value}`}
      className="flex cursor-pointer items-start gap-2.5 rounded-md border border-line bg-surface px-3 py-2 text-left text-sm hover:bg-hover data-checked:border-primary data-checked:shadow-[inset_0_0_0_1px_var(--primary)]"
    >
      <span aria-hidden className="mt-0.5 grid size-4 shrink-0 place-items-center rounded-full border border-control">
        <Radio.Indicator className="size-2 rounded-full bg-primary data-unchecked:hidden" />
      </span>
      <span id={`${id}-${value}`} className="min-w-0">
        {title}
        {body === null ? null : <span className="text-ink-faint"> — {body}</span>}
      </span>
    </Radio.Root>
  )
}
