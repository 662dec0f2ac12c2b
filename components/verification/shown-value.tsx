'use client'

import { useTranslations } from 'next-intl'
import { useFormatters } from '@/components/format/use-formatters'
import { classNames } from '@/components/ui/class-names'
import type { InspectedValue } from '@/lib/verification/inspected-value'

export interface ShownValueProps {
  side: 'source' | 'target'
  /** Null where the side has no such row. */
  value: InspectedValue | null
}

/** One side's value: its bytes around the first difference, what differs marked, with type and length. */
export function ShownValue({ side, value }: ShownValueProps) {
  const t = useTranslations('verification.values')
  const format = useFormatters()
  return (
    <div className="min-w-0 flex-1 rounded-md border border-line bg-surface">
      <p className="flex flex-wrap gap-x-2 border-line border-b px-2 py-1 text-xs">
        <span className={classNames('font-medium', side === 'source' ? 'text-sqlite-ink' : 'text-postgres-ink')}>{t(side)}</span>
        {value === null || value.form === 'null' ? null : (
          <span className="text-ink-faint">
            {value.type} · {t('bytes', { count: value.lengthBytes, bytes: format.number(value.lengthBytes) })}
            {value.from > 0 ? ` · ${t('from', { at: format.number(value.from) })}` : ''}
          </span>
        )}
      </p>
      <p className="max-h-40 overflow-y-auto whitespace-pre-wrap break-all px-2 py-1.5 font-mono text-xs">
        {value === null ? <span className="text-ink-faint italic">{t('noRow')}</span> : null}
        {value?.form === 'null' ? <span className="text-ink-faint italic">NULL</span> : null}
        {value && value.form !== 'null' ? (
          <>
            {value.from > 0 ? <span className="text-ink-faint">…</span> : null}
            {visible(value.same)}
            {value.rest === '' ? null : <mark className="rounded-sm bg-danger-soft text-danger-ink">{visible(value.rest)}</mark>}
            {value.isCut ? <span className="text-ink-faint">…</span> : null}
            {value.lengthBytes === 0 ? <span className="text-ink-faint italic">{t('empty')}</span> : null}
          </>
        ) : null}
      </p>
    </div>
  )
}

/** Characters that have no look of their own, as signs: else a trailing space would differ from nothing for no eye. */
function visible(text: string): string {
  return text
    .replace(/ (?=$)/gm, '␠')
    .replaceAll('\t', '␉')
    .replaceAll('\r', '␍')
    .replaceAll('\n', '␊\n')
    .replace(
      /[\u200b-\u200f\u2028\u2029\ufeff]/g,
      (character) => `⟨U+${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}⟩`,
    )
}
