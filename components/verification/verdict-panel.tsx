'use client'

import { CircleCheck, CircleHelp, Equal, PencilLine, TriangleAlert } from 'lucide-react'
import { useTranslations } from 'next-intl'
import type { ReactNode } from 'react'
import { useFormatters } from '@/components/format/use-formatters'
import { classNames } from '@/components/ui/class-names'
import type { Endpoint, TableComparison } from '@/lib/verification/verification-result'
import { judge } from './verdict'

const looks = {
  identical: { Icon: CircleCheck, box: 'border-success/40 bg-success-soft', ink: 'text-success-ink' },
  changed: { Icon: PencilLine, box: 'border-info/40 bg-info-soft', ink: 'text-info-ink' },
  equal: { Icon: Equal, box: 'border-success/40 bg-success-soft', ink: 'text-success-ink' },
  different: { Icon: TriangleAlert, box: 'border-danger/40 bg-danger-soft', ink: 'text-danger-ink' },
  unknown: { Icon: CircleHelp, box: 'border-warning/50 bg-warning-soft', ink: 'text-warning-ink' },
  empty: { Icon: CircleHelp, box: 'border-line bg-surface', ink: 'text-ink-soft' },
} as const

export interface VerdictPanelProps {
  tables: readonly TableComparison[]
  source: Endpoint
  target: Endpoint
  /** What a report says of everything, not of the rows alone. Default: nothing more is known. */
  status?: 'succeeded' | 'failed'
  /** Counts alone are shown, and the last comparison of contents found something: equal counts are no good news then. Default: false. */
  contentsDiffer?: boolean
  /** The app already writes on the target: differences are no fault then. */
  targetInUse?: boolean
  /** When, by whom, how long. */
  facts: readonly { readonly name: string; readonly value: ReactNode }[]
}

/** One judgement on top, then the totals of both sides next to each other. */
export function VerdictPanel({ tables, source, target, status, contentsDiffer = false, targetInUse = false, facts }: VerdictPanelProps) {
  const t = useTranslations('verification')
  const verdict = judge(tables)
  // Rows that are the same are not all that a report looks at.
  const isStructure = status === 'failed' && (verdict.state === 'identical' || verdict.state === 'changed')
  const isContents = contentsDiffer && verdict.state === 'equal'
  const shown = isStructure ? 'structure' : isContents ? 'contents' : verdict.state
  const look = looks[shown === 'structure' || shown === 'contents' ? 'different' : shown]
  const text = {
    identical: [t('verdict.identical'), t('verdict.identicalBody', { tables: verdict.tables })],
    changed: [t('verdict.changed'), t('verdict.changedBody', { tables: verdict.byState.changed })],
    equal: [t('verdict.equal'), t('verdict.equalBody', { tables: verdict.tables })],
    different: [
      t('verdict.different', { tables: verdict.byState.different }),
      t(contentsDiffer ? 'verdict.contentsBody' : 'verdict.differentBody', { tables: verdict.byState.different }),
    ],
    unknown: [t('verdict.unknown', { tables: verdict.byState.unknown }), t('verdict.unknownBody')],
    empty: [t('verdict.empty'), ''],
    structure: [t('verdict.structure'), t('verdict.structureBody', { tables: verdict.tables })],
    // Rows that differ stand in the tables already: what is left is beside them.
    contents: [t('verdict.structure'), t('verdict.equalBody', { tables: verdict.tables })],
  }[shown]
  return (
    <div className={classNames('rounded-lg border', look.box)}>
      <div className="flex gap-3 px-4 py-4 sm:px-5">
        <look.Icon aria-hidden className={classNames('mt-0.5 size-6 shrink-0', look.ink)} />
        <div className="min-w-0 flex-1">
          <h2 className="font-semibold text-lg">{text[0]}</h2>
          <p className="text-ink-soft text-sm">{text[1]}</p>
          {verdict.state === 'different' && targetInUse ? <p className="mt-1 text-ink-soft text-sm">{t('verdict.sinceSwitch')}</p> : null}
        </div>
      </div>
      <div className="grid gap-px overflow-hidden rounded-b-[7px] border-line border-t bg-line sm:grid-cols-2">
        <Side
          name={t('source')}
          endpoint={source}
          rows={verdict.sourceRows}
          isWhole={verdict.isSourceWhole}
          most={Math.max(verdict.sourceRows, verdict.targetRows)}
        />
        <Side
          name={t('target')}
          endpoint={target}
          rows={verdict.targetRows}
          isWhole={verdict.isTargetWhole}
          most={Math.max(verdict.sourceRows, verdict.targetRows)}
        />
        {facts.length === 0 ? null : (
          <dl className="col-span-full flex flex-wrap gap-x-6 gap-y-1 bg-surface px-4 py-2.5 text-sm sm:px-5">
            {facts.map((fact) => (
              <div key={fact.name} className="flex gap-1.5">
                <dt className="text-ink-faint">{fact.name}</dt>
                <dd>{fact.value}</dd>
              </div>
            ))}
          </dl>
        )}
      </div>
    </div>
  )
}

interface SideProps {
  name: string
  endpoint: Endpoint
  rows: number
  /** False: some table could not be counted, and there are at least so many rows. */
  isWhole: boolean
  most: number
}

function Side({ name, endpoint, rows, isWhole, most }: SideProps) {
  const t = useTranslations()
  const format = useFormatters()
  const hue = endpoint.engine === 'sqlite' ? 'var(--sqlite)' : 'var(--postgres)'
  return (
    <div className="min-w-0 bg-surface px-4 py-3 sm:px-5">
      <p className="flex flex-wrap items-baseline justify-between gap-x-3 text-sm">
        <span className="font-medium">
          {name} · {t(`admin.engine.${endpoint.engine}`)} {endpoint.version}
        </span>
        <span className="tabular font-semibold text-lg">
          {t('jobs.rowsDone', { done: isWhole ? format.number(rows) : t('verification.atLeast', { rows: format.number(rows) }) })}
        </span>
      </p>
      <span aria-hidden className="my-1.5 block h-1.5 rounded-full bg-line">
        <span className="block h-full rounded-full" style={{ width: `${most === 0 ? 0 : (rows / most) * 100}%`, background: hue }} />
      </span>
      <p className="break-all font-mono text-ink-faint text-xs">
        {endpoint.label}
        {endpoint.sizeBytes === null ? null : <span className="whitespace-nowrap"> · {format.bytes(endpoint.sizeBytes)}</span>}
      </p>
    </div>
  )
}
