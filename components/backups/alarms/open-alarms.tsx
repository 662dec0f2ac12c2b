'use client'

import { useQuery } from '@tanstack/react-query'
import { useTranslations } from 'next-intl'
import { TimeStamp } from '@/components/format/time-stamp'
import { LinkButton } from '@/components/ui/button'
import { Callout } from '@/components/ui/callout'
import { type AlarmDetail, type AlarmKind, graveKinds } from '@/lib/alarms/alarm-view'
import { alarmsQuery } from './alarm-queries'
import { useAlarmSentence } from './use-alarm-sentence'

/** The alarms that stand, each until it is over; nothing while there is none. */
export function OpenAlarms({ except = [] }: { except?: readonly AlarmKind[] }) {
  const t = useTranslations('alarms')
  const sentence = useAlarmSentence()
  const { data } = useQuery(alarmsQuery())
  const open = data?.filter(({ clearedAt, detail }) => clearedAt === null && !except.includes(detail.kind)) ?? []
  const shown = open.map((alarm) => ({ ...alarm, place: placeOf(alarm.detail) }))
  return shown.map(({ id, detail, raisedAt, place }) => (
    <Callout
      key={id}
      tone={graveKinds.includes(detail.kind) ? 'danger' : 'warning'}
      title={sentence(detail)}
      actions={
        place === undefined ? undefined : (
          <LinkButton href={place} size="small">
            {t('look')}
          </LinkButton>
        )
      }
    >
      {detail.problem === undefined || detail.problem === '' ? null : <p lang="en">{detail.problem}</p>}
      <p className="text-ink-faint">{t.rich('since', { when: () => <TimeStamp iso={raisedAt} /> })}</p>
    </Callout>
  ))
}

/** The page where it is looked at and mended. */
function placeOf({ kind, backupId }: AlarmDetail): string | undefined {
  if (kind === 'destination-failed') return '/admin/backups/destinations'
  return backupId === undefined ? undefined : `/admin/backups/${backupId}`
}
