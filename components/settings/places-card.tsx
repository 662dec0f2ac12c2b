'use client'

import { useQuery } from '@tanstack/react-query'
import { BellRing, CalendarClock, CloudUpload, Wrench } from 'lucide-react'
import Link from 'next/link'
import { useTranslations } from 'next-intl'
import { alarmSettingsQuery } from '@/components/backups/alarms/alarm-queries'
import { destinationsQuery } from '@/components/backups/destination-queries'
import { schedulesQuery } from '@/components/schedules/schedule-queries'
import { Badge, type BadgeTone } from '@/components/ui/badge'
import { Card, CardHeader } from '@/components/ui/card'

const places = [
  { name: 'schedules', href: '/admin/backups', icon: CalendarClock },
  { name: 'destinations', href: '/admin/backups/destinations', icon: CloudUpload },
  { name: 'alarms', href: '/admin/backups/alarms', icon: BellRing },
  { name: 'maintenance', href: '/admin/database', icon: Wrench },
] as const

/** What has a page of its own, with how it is set now. */
export function PlacesCard() {
  const t = useTranslations('settings')
  const states = usePlaceStates()
  return (
    <Card aria-labelledby="elsewhere" className="overflow-hidden">
      <CardHeader title={t('elsewhere')} titleId="elsewhere" />
      <ul className="grid sm:grid-cols-2">
        {places.map(({ name, href, icon: Icon }) => (
          <li key={name} className="border-line border-t sm:odd:border-r">
            <Link href={href} className="flex items-start gap-3 px-4 py-3 text-sm -outline-offset-2 hover:bg-hover sm:px-5">
              <Icon aria-hidden className="mt-0.5 size-4 shrink-0 text-ink-faint" />
              <span className="min-w-0 flex-1">
                <span className="flex flex-wrap items-center justify-between gap-x-3 gap-y-1 font-medium">
                  {t(`places.${name}.title`)}
                  {states[name] ? <Badge tone={states[name].tone}>{states[name].words}</Badge> : null}
                </span>
                <span className="block text-ink-faint text-xs">{t(`places.${name}.body`)}</span>
              </span>
            </Link>
          </li>
        ))}
      </ul>
    </Card>
  )
}

type PlaceState = { readonly tone: BadgeTone; readonly words: string } | undefined

/** Nothing where it is not known yet. */
function usePlaceStates(): Readonly<Record<(typeof places)[number]['name'], PlaceState>> {
  const t = useTranslations('settings.now')
  const backups = useQuery(schedulesQuery('backup')).data
  const maintenance = useQuery(schedulesQuery('maintain')).data
  const destinations = useQuery(destinationsQuery()).data
  const alarms = useQuery(alarmSettingsQuery()).data
  const counted = (list: readonly { readonly enabled: boolean }[] | undefined, without: BadgeTone): PlaceState => {
    if (!list) return undefined
    const count = list.filter(({ enabled }) => enabled).length
    return { tone: count > 0 ? 'success' : without, words: t('count', { count }) }
  }
  const channels =
    alarms && [alarms.mail.enabled ? t('mail') : null, alarms.webhook.enabled ? t('webhook') : null].filter((one) => one !== null)
  return {
    schedules: counted(backups, 'warning'),
    destinations: counted(destinations, 'neutral'),
    alarms: channels && {
      tone: channels.length > 0 ? 'success' : 'warning',
      words: channels.length > 0 ? channels.join(', ') : t('nobody'),
    },
    maintenance: counted(maintenance, 'neutral'),
  }
}
