'use client'

import { useTranslations } from 'next-intl'
import { type ReactNode, useState } from 'react'
import { codedMessages } from '@/components/format/coded-messages'
import { useFormatters } from '@/components/format/use-formatters'
import { Badge, type BadgeTone } from '@/components/ui/badge'
import { Button } from '@/components/ui/button'
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from '@/components/ui/table'
import type { Finding } from '@/lib/core/finding'
import { type FindingWords, wordShape } from './finding-words'
import { useFindingWords } from './use-finding-words'

const tones: Record<Finding['severity'], BadgeTone> = { blocks: 'danger', repaired: 'info', note: 'neutral' }
const rank: Record<Finding['severity'], number> = { blocks: 0, repaired: 1, note: 2 }
const pageSize = 50

export interface FindingsTableProps {
  findings: readonly Finding[]
  /** A finding of a check may stop a start; one of a proof is a fault. Default: check. */
  of?: 'check' | 'proof'
  /** What is said below a finding's hint; default: nothing. */
  renderMore?: (finding: Finding) => ReactNode
}

/** What the checks saw, the weightiest first: where, what, what to do. */
export function FindingsTable({ findings, of = 'check', renderMore }: FindingsTableProps) {
  const t = useTranslations('jobs')
  const overview = useTranslations('common')
  const format = useFormatters()
  const words = useFindingWords()
  const [limit, setLimit] = useState(pageSize)
  const ordered = [...findings].sort((a, b) => rank[a.severity] - rank[b.severity])
  return (
    <>
      <Table label={t('findings')}>
        <TableHead>
          <tr>
            <TableHeader>{t('findingSeverity')}</TableHeader>
            <TableHeader className="max-sm:hidden">{t('findingWhere')}</TableHeader>
            <TableHeader>{t('findingWhat')}</TableHeader>
            <TableHeader className="text-right max-sm:hidden">{t('findingCount')}</TableHeader>
          </tr>
        </TableHead>
        <TableBody>
          {ordered.slice(0, limit).map((finding, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: findings have no identity and never move
            <TableRow key={index} className="align-top">
              <TableCell className="align-top">
                <Badge tone={tones[finding.severity]}>
                  {t(of === 'proof' ? `proofSeverity.${finding.severity}` : `severity.${finding.severity}`)}
                </Badge>
              </TableCell>
              <TableCell className="min-w-32 align-top max-sm:hidden">
                <Place finding={finding} />
              </TableCell>
              <TableCell className="min-w-40 align-top sm:min-w-64">
                {/* A phone has no room for a column of its own. */}
                <div className="mb-1 sm:hidden">
                  <Place finding={finding} />
                </div>
                <FindingText words={words(finding)} />
                {renderMore?.(finding)}
                <p className="font-mono text-[11px] text-ink-faint">{finding.code}</p>
              </TableCell>
              <TableCell className="text-right align-top max-sm:hidden">{format.number(finding.count)}</TableCell>
            </TableRow>
          ))}
        </TableBody>
      </Table>
      {ordered.length > limit ? (
        <div className="p-3 text-center">
          <Button size="small" onClick={() => setLimit(limit + pageSize * 4)}>
            {overview('more')}
          </Button>
        </div>
      ) : null}
    </>
  )
}

function Place({ finding: { table, column, key, shape } }: { finding: Finding }) {
  const t = codedMessages(useTranslations('findings'))
  return (
    <>
      <p className="break-words font-medium">{[table, column].filter((part) => part !== null).join('.') || '–'}</p>
      {key === null ? null : <p className="break-all font-mono text-ink-faint text-xs">{describeKey(key)}</p>}
      {shape === null ? null : <p className="break-words text-ink-faint text-xs">{wordShape(t, shape)}</p>}
    </>
  )
}

function FindingText({ words: { message, hint, isEnglish } }: { words: FindingWords }) {
  return (
    <div {...(isEnglish ? { lang: 'en' } : {})}>
      <p className="break-words">{message}</p>
      <p className="break-words text-ink-faint">{hint}</p>
    </div>
  )
}

function describeKey(key: Readonly<Record<string, string>>): string {
  return Object.entries(key)
    .map(([column, value]) => `${column} = ${value}`)
    .join(', ')
}
