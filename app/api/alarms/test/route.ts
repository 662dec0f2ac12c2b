import { z } from 'zod'
import { alarmParts, alarmSettingsPlace } from '@/app/_server/alarm-parts'
import { adminRoute } from '@/app/_server/api-route'
import { requireRecentAuthentication } from '@/app/_server/require-recent'
import { completeAlarmSettings } from '@/lib/alarms/alarm-settings'
import { alarmSettingsInputSchema, channels } from '@/lib/alarms/alarm-view'
import { testChannel } from '@/lib/alarms/watch-alarms'
import { AppError, reportError } from '@/lib/core/errors'

const bodySchema = z.object({ channel: z.enum(channels), settings: alarmSettingsInputSchema })

/** Sends one message with the settings of the form, saved or not. What the other side says is the answer. */
export const POST = adminRoute({ body: bodySchema, rateLimit: 'target-test' }, async ({ container, body, user }) => {
  await requireRecentAuthentication(user, 'test alarms')
  const { channel, settings } = body
  // Only the channel that is tested need be complete.
  const only = {
    ...settings,
    mail: { ...settings.mail, enabled: channel === 'mail' },
    webhook: { ...settings.webhook, enabled: channel === 'webhook' },
  }
  const complete = await completeAlarmSettings(alarmSettingsPlace(container), only)
  try {
    await testChannel(alarmParts(container), complete, channel)
    return { status: 'sent', problem: null }
  } catch (error) {
    if (!(error instanceof AppError && error.code === 'DESTINATION_FAILED')) throw error
    return { status: 'failed', problem: reportError(error).message }
  }
})
