'use client'

import Link from 'next/link'
import { useTranslations } from 'next-intl'
import { memo, useState } from 'react'
import { useFormatters } from '@/components/format/use-formatters'
import { Button } from '@/components/ui/button'
import { classNames } from '@/components/ui/class-names'
import type { LogEntry } from '@/lib/logs/log-entry'

const inks = { debug: 'text-ink-faint', info: 'text-ink-soft', warn: 'text-warning-ink', error: 'text-danger-ink' } as const
const step = 200

export interface LogLinesProps {
  /** Newest first. */
  entries: readonly LogEntry[]
  /** Shows the lines of one job alone. */
  onJob: (job: string) => void
}

/** Lines of a log, each opened to what it holds besides. No live region: hundreds of lines would be read out. */
export function LogLines({ entries, onJob }: LogLinesProps) {
  const t = useTranslations('logs')
  const [shown, setShown] = useState(step)
  return (
    <>
      <ol className="border-line border-t font-mono text-xs">
        {entries.slice(0, shown).map((entry) => (
          <LogLine key={entry.id} entry={entry} onJob={onJob} />
        ))}
      </ol>
      {entries.length > shown ? (
        <div className="border-line border-t p-3 text-center">
          <Button size="small" onClick={() => setShown(shown + step)}>
            {t('showMore', { count: Math.min(step, entries.length - shown) })}
          </Button>
        </div>
      ) : null}
    </>
  )
}

const longestBrief = 160

/** What the line holds besides, in a few words: where, which kind, what the error said. */
function briefOf(detail: string | null): string {
  if (detail === null || !detail.startsWith('{')) return ''
  try {
    const { err, ...rest } = JSON.parse(detail) as Record<string, unknown>
    const plain = Object.values(rest).filter((value) => typeof value === 'string' || typeof value === 'number')
    const message = typeof err === 'object' && err !== null && 'message' in err ? [String(err.message)] : []
    const words = [plain.join(' '), ...message].filter((part) => part !== '').join(' · ')
    return words.length > longestBrief ? `${words.slice(0, longestBrief)}…` : words
  } catch {
    return ''
  }
}

const LogLine = memo(function LogLine({ entry, onJob }: { entry: LogEntry; onJob: (job: string) => void }) {
  const t = useTranslations('logs')
  const format = useFormatters()
  const { at, level, source, text, detail, jobId } = entry
  const brief = briefOf(detail)
  return (
    <li data-level={level} className="border-line border-b last:border-b-0">
      <details>
        <summary className="grid cursor-pointer list-none grid-cols-[auto_auto_minmax(0,1fr)] gap-x-3 px-4 py-1.5 leading-5 hover:bg-hover sm:px-5 [&::-webkit-details-marker]:hidden">
          <time dateTime={at} title={format.dateTime(at)} className="text-ink-faint">
            {format.time(at)}
          </time>
          <span className={classNames('w-14 font-semibold uppercase', inks[level])}>{t(`levels.${level}`)}</span>
          <span
            lang="en"
            className={classNames(
              'min-w-0 break-words max-sm:col-span-3',
              level === 'info' || level === 'debug' ? 'text-ink' : inks[level],
            )}
          >
            {text}
            {brief === '' ? null : <span className="text-ink-faint"> {brief}</span>}
          </span>
        </summary>
        <div className="flex flex-col gap-1.5 bg-sunken/50 px-4 py-2 sm:px-5">
          <p className="flex flex-wrap items-center gap-x-3 gap-y-1 font-sans text-ink-soft">
            <span>{t(`sources.${source}`)}</span>
            <span>{format.dateTime(at)}</span>
            {jobId === null ? null : (
              <>
                <Link href={`/admin/activity/${jobId}`} className="rounded underline underline-offset-4">
                  {t('openJob')}
                </Link>
                <button type="button" onClick={() => onJob(jobId)} className="rounded underline underline-offset-4">
                  {t('onlyJob')}
                </button>
              </>
            )}
          </p>
          {detail === null ? null : (
            <pre lang="en" className="whitespace-pre-wrap break-words">
              {detail.replaceAll('\\n', '\n')}
            </pre>
          )}
        </div>
      </details>
    </li>
  )
})
