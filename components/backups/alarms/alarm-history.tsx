'use client'

import { useTranslations } from 'next-intl'
import { TimeStamp } from '@/components/format/time-stamp'
import { Badge } from '@/components/ui/badge'
import { Card, CardHeader } from '@/components/ui/card'
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from '@/components/ui/table'
import type { Alarm } from '@/lib/alarms/alarm-view'
import { useAlarmSentence } from './use-alarm-sentence'

/** Every alarm with when it stood and how it was told. */
export function AlarmHistory({ alarms }: { alarms: readonly Alarm[] }) {
  const t = useTranslations('alarms')
  const sentence = useAlarmSentence()
  return (
    <Card aria-labelledby="alarm-history">
      <CardHeader title={t('history')} titleId="alarm-history" description={t('historyBody')} />
      <Table label={t('history')}>
        <TableHead>
          <tr>
            <TableHeader>{t('what')}</TableHeader>
            <TableHeader>{t('from')}</TableHeader>
            <TableHeader>{t('until')}</TableHeader>
            <TableHeader className="max-md:hidden">{t('told')}</TableHeader>
          </tr>
        </TableHead>
        <TableBody>
          {alarms.map((alarm) => (
            <TableRow key={alarm.id}>
              <TableCell className="min-w-40">{sentence(alarm.detail)}</TableCell>
              <TableCell className="sm:whitespace-nowrap">
                <TimeStamp iso={alarm.raisedAt} />
              </TableCell>
              <TableCell className="sm:whitespace-nowrap">
                {alarm.clearedAt === null ? <Badge tone="warning">{t('stands')}</Badge> : <TimeStamp iso={alarm.clearedAt} />}
              </TableCell>
              <TableCell className="max-md:hidden">
                <Deliveries alarm={alarm} />
              </TableCell>
            </TableRow>
          ))}
        </TableBody>
      </Table>
    </Card>
  )
}

function Deliveries({ alarm }: { alarm: Alarm }) {
  const t = useTranslations('alarms')
  if (alarm.sent.length === 0) return <span className="text-ink-faint">{t('toldNobody')}</span>
  return (
    <ul className="flex flex-col gap-0.5 text-xs">
      {alarm.sent.map(({ channel, about, status, attempts, problem }) => (
        <li key={`${channel}-${about}`}>
          {t(`channel.${channel}`)} · {t(`about.${about}`)} ·{' '}
          {status === 'sent' ? (
            t('sent')
          ) : (
            <span className="text-danger-ink">
              {t('waiting', { count: attempts })} {problem}
            </span>
          )}
        </li>
      ))}
    </ul>
  )
}
