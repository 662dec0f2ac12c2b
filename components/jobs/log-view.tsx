'use client'

import { useTranslations } from 'next-intl'
import { memo, useDeferredValue, useEffect, useRef, useState } from 'react'
import { useFormatters } from '@/components/format/use-formatters'
import { classNames } from '@/components/ui/class-names'
import { SearchInput } from '@/components/ui/search-input'
import { Segments } from '@/components/ui/segments'
import type { LogLine } from './job-progress'
import { useLogText } from './use-log-text'

/** Lines drawn at once; older ones are found by searching. */
const shownAtMost = 400

type LevelFilter = 'all' | 'warn' | 'error'
const levelsOf: Record<LevelFilter, ReadonlySet<LogLine['level']>> = {
  all: new Set(['info', 'warn', 'error']),
  warn: new Set(['warn', 'error']),
  error: new Set(['error']),
}

export interface LogViewProps {
  lines: readonly LogLine[]
  /** Keep the last line in sight while lines arrive. */
  live: boolean
  className?: string
}

/** A job's log, with search and level. It is no live region: hundreds of lines would be read out. */
export function LogView({ lines, live, className }: LogViewProps) {
  const t = useTranslations('jobs')
  const [search, setSearch] = useState('')
  const [level, setLevel] = useState<LevelFilter>('all')
  const wanted = useDeferredValue(search.trim().toLowerCase())
  const logText = useLogText()
  const found = lines.filter(
    (line) => levelsOf[level].has(line.level) && (wanted === '' || logText(line.content).toLowerCase().includes(wanted)),
  )
  const shown = found.slice(-shownAtMost)
  const box = useRef<HTMLDivElement>(null)
  const follows = useRef(true)
  const lastSeq = shown.at(-1)?.seq

  // biome-ignore lint/correctness/useExhaustiveDependencies: a new last line is what it follows
  useEffect(() => {
    if (live && follows.current && box.current) box.current.scrollTop = box.current.scrollHeight
  }, [lastSeq, live])

  return (
    <div className={classNames('flex flex-col', className)}>
      <div className="flex flex-wrap items-center gap-2 px-4 py-3 sm:px-5">
        <SearchInput label={t('logSearch')} value={search} onChange={setSearch} />
        <Segments
          label={t('logLevel')}
          value={level}
          onChange={setLevel}
          items={[
            { value: 'all', label: t('logAll') },
            { value: 'warn', label: t('logWarn') },
            { value: 'error', label: t('logError') },
          ]}
        />
        <span className="tabular ml-auto text-ink-faint text-xs">{t('logCount', { count: found.length })}</span>
      </div>
      <div
        ref={box}
        role="log"
        aria-live="off"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
        tabIndex={0}
        aria-label={t('log')}
        onScroll={(event) => {
          const { scrollTop, scrollHeight, clientHeight } = event.currentTarget
          follows.current = scrollHeight - scrollTop - clientHeight < 24
        }}
        className="max-h-96 min-h-24 overflow-y-auto border-line border-t bg-sunken/40 px-4 py-2 font-mono text-xs leading-5 -outline-offset-2 sm:px-5"
      >
        {found.length > shown.length ? <p className="text-ink-faint">{t('logShortened', { count: found.length - shown.length })}</p> : null}
        {found.length === 0 ? <p className="py-2 text-ink-faint">{t(lines.length === 0 ? 'logEmpty' : 'logNoMatch')}</p> : null}
        <ol>
          {shown.map((line) => (
            <LogRow key={line.seq} line={line} text={logText(line.content)} />
          ))}
        </ol>
      </div>
    </div>
  )
}

const levelLooks = { info: 'text-ink-soft', warn: 'text-warning-ink', error: 'text-danger-ink' } as const

const LogRow = memo(
  function LogRow({ line, text }: { line: LogLine; text: string }) {
    const t = useTranslations('jobs.level')
    const format = useFormatters()
    return (
      <li className={classNames('flex gap-3', levelLooks[line.level])}>
        <time dateTime={line.at} className="shrink-0 text-ink-faint max-sm:hidden">
          {format.time(line.at)}
        </time>
        {line.level === 'info' ? null : <span className="shrink-0 font-semibold uppercase">{t(line.level)}</span>}
        <span className="min-w-0 whitespace-pre-wrap break-words">{text}</span>
      </li>
    )
  },
  (before, after) => before.line === after.line && before.text === after.text,
)
