import { alarmSettingsPlace } from '@/app/_server/alarm-parts'
import { adminRoute } from '@/app/_server/api-route'
import { requireRecentAuthentication } from '@/app/_server/require-recent'
import { saveAlarmSettings, viewAlarmSettings } from '@/lib/alarms/alarm-settings'
import { alarmSettingsInputSchema } from '@/lib/alarms/alarm-view'

/** How alarms are told. Secrets are not shown. */
export const GET = adminRoute({}, async ({ container }) => ({ settings: await viewAlarmSettings(alarmSettingsPlace(container)) }))

/** Sets it: whoever does decides who is warned. */
export const POST = adminRoute({ body: alarmSettingsInputSchema, rateLimit: 'job-start' }, async ({ container, body, user }) => {
  await requireRecentAuthentication(user, 'set alarms')
  const place = alarmSettingsPlace(container)
  await saveAlarmSettings(place, body, user.email)
  return { settings: await viewAlarmSettings(place) }
})
