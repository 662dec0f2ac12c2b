import type { AlarmSettingsPlace } from '@/lib/alarms/alarm-settings'
import type { AlarmParts } from '@/lib/alarms/watch-alarms'
import type { Container } from './container'

/** What sending alarms needs of this process. */
export function alarmParts({ backups, environment }: Container): AlarmParts {
  return { setup: backups, allowPrivate: environment.allowPrivateTargets, siteUrl: environment.siteUrl }
}

/** Where the settings of alarms are kept, and how they are sealed. */
export function alarmSettingsPlace({ control, backups, environment }: Container): AlarmSettingsPlace {
  return { store: control, master: backups.master, allowPrivate: environment.allowPrivateTargets }
}
