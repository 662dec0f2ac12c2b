import { queryOptions } from '@tanstack/react-query'
import { z } from 'zod'
import { fetchJson } from '@/components/api/fetch-json'
import { type AlarmSettingsInput, alarmSchema, alarmSettingsViewSchema, type Channel, channelTestSchema } from '@/lib/alarms/alarm-view'

export const alarmKeys = { all: ['alarms'] as const, list: ['alarms', 'list'] as const, settings: ['alarms', 'settings'] as const }

const settingsSchema = z.object({ settings: alarmSettingsViewSchema })

/** Open alarms first, then the latest that are over. */
export function alarmsQuery() {
  return queryOptions({
    queryKey: alarmKeys.list,
    queryFn: ({ signal }) => fetchJson('/api/alarms', z.object({ alarms: z.array(alarmSchema) }), { signal }),
    select: (answer) => answer.alarms,
    refetchInterval: 60_000,
  })
}

export function alarmSettingsQuery() {
  return queryOptions({
    queryKey: alarmKeys.settings,
    queryFn: ({ signal }) => fetchJson('/api/alarms/settings', settingsSchema, { signal }),
    select: (answer) => answer.settings,
  })
}

/** Sets how alarms are told; the server may want the password first. */
export function saveAlarmSettings(body: AlarmSettingsInput) {
  return fetchJson('/api/alarms/settings', settingsSchema, { method: 'POST', body })
}

/** Sends one message now; the server may want the password first. */
export function testAlarmChannel(body: { channel: Channel; settings: AlarmSettingsInput }) {
  return fetchJson('/api/alarms/test', channelTestSchema, { method: 'POST', body })
}

/** A new token for /api/health, answered this once; the server may want the password first. */
export function renewHealthToken() {
  return fetchJson('/api/alarms/health-token', z.object({ token: z.string() }), { method: 'POST', body: {} })
}
