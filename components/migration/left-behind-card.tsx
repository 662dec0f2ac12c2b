'use client'

import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { TableName } from '@/components/format/table-name'
import { useFormatters } from '@/components/format/use-formatters'
import { PasswordDialog } from '@/components/jobs/password-dialog'
import { Badge } from '@/components/ui/badge'
import { Button } from '@/components/ui/button'
import { buttonClasses } from '@/components/ui/button-classes'
import { Card, CardBody, CardFooter, CardHeader } from '@/components/ui/card'
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from '@/components/ui/table'
import type { FormerEmergency } from './former-queries'

const list = '/api/migration/left-behind'

export interface LeftBehindCardProps {
  emergency: FormerEmergency
  targetLabel: string
  onPutAway: () => void
}

/** After an emergency: whether PostgreSQL is closed yet, what stayed behind there, and the lists of it. */
export function LeftBehindCard({ emergency, targetLabel, onPutAway }: LeftBehindCardProps) {
  const t = useTranslations('migration.leftBehind')
  const format = useFormatters()
  const [asks, setAsks] = useState(false)
  const { postgres, lastKnown } = emergency
  const left = postgres.status === 'closed' ? postgres.left : null
  const tone = postgres.status === 'away' ? 'warning' : left === null ? 'info' : left.total === 0 ? 'success' : 'danger'
  return (
    <Card aria-labelledby="left-behind">
      <CardHeader
        title={t('title')}
        titleId="left-behind"
        description={t('body', { when: format.dateTime(emergency.at), who: emergency.by })}
        actions={<Badge tone={tone}>{left === null ? t(`badge.${postgres.status}`) : t('total', { count: left.total })}</Badge>}
      />
      <CardBody className="flex flex-col gap-2 text-sm">
        <p className="break-all font-mono text-ink-soft text-xs">{targetLabel}</p>
        <p>{t(`${postgres.status}.body`)}</p>
        {postgres.status === 'away' && lastKnown !== null ? (
          <p className="font-medium">{t('lastKnown', { count: lastKnown.total, when: format.dateTime(lastKnown.at) })}</p>
        ) : null}
        {left !== null && left.total > 0 ? <p>{t('both', { count: left.changedOnBothSides })}</p> : null}
        {postgres.status !== 'other' && postgres.message !== null ? (
          <p lang="en" className="text-ink-soft text-xs">
            {postgres.message}
          </p>
        ) : null}
      </CardBody>
      {left !== null && left.total > 0 ? (
        <Table label={t('title')}>
          <TableHead>
            <tr>
              <TableHeader>{t('table')}</TableHeader>
              <TableHeader className="text-right">{t('inserted')}</TableHeader>
              <TableHeader className="text-right">{t('updated')}</TableHeader>
              <TableHeader className="text-right">{t('deleted')}</TableHeader>
              <TableHeader className="text-right">{t('changedOnBothSides')}</TableHeader>
            </tr>
          </TableHead>
          <TableBody>
            {left.tables.map((table) => (
              <TableRow key={table.table}>
                <TableHeader scope="row" className="h-9 font-medium text-ink sm:text-sm">
                  <TableName name={table.table} />
                  {table.withoutKey === 0 ? null : (
                    <span className="ml-2 font-normal text-ink-soft text-xs">{t('withoutKey', { count: table.withoutKey })}</span>
                  )}
                </TableHeader>
                <TableCell className="text-right">{format.number(table.inserted)}</TableCell>
                <TableCell className="text-right">{format.number(table.updated)}</TableCell>
                <TableCell className="text-right">{format.number(table.deleted)}</TableCell>
                <TableCell className="text-right">{format.number(table.changedOnBothSides)}</TableCell>
              </TableRow>
            ))}
          </TableBody>
        </Table>
      ) : null}
      <CardFooter className="max-sm:flex-col max-sm:items-stretch">
        {postgres.status === 'closed' && postgres.file !== null ? (
          <>
            <a href={`${list}?format=csv`} download className={buttonClasses({})}>
              {t('keys')}
            </a>
            <Button onClick={() => setAsks(true)}>{t('rows')}</Button>
          </>
        ) : null}
        <Button onClick={onPutAway}>{t('putAway')}</Button>
      </CardFooter>
      <PasswordDialog
        open={asks}
        onOpenChange={setAsks}
        onConfirmed={() => {
          setAsks(false)
          // A download, not a page: the answer says so, and this page stays.
          window.location.assign(`${list}?format=jsonl&rows=true`)
        }}
      />
    </Card>
  )
}
