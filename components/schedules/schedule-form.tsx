'use client'

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useTranslations } from 'next-intl'
import { type FormEvent, useId, useState } from 'react'
import { ApiError } from '@/components/api/api-error'
import { ErrorPanel } from '@/components/api/error-panel'
import { Button } from '@/components/ui/button'
import { Field } from '@/components/ui/field'
import { Input } from '@/components/ui/input'
import { Segments } from '@/components/ui/segments'
import type { SchedulableKind, Schedule } from '@/lib/jobs/schedule'
import { saveScheduleMutation } from './schedule-queries'

export interface ScheduleFormProps {
  kind: SchedulableKind
  suggestion: string
  /** What a new one tells its jobs. */
  payload: Readonly<Record<string, unknown>>
  /** The one that is changed; absent for a new one. */
  schedule?: Schedule
  onDone: () => void
}

const presets = { hourly: '0 * * * *', nightly: '0 3 * * *', weekly: '0 4 * * 0' } as const
type Preset = keyof typeof presets | 'own'

/** When something runs on its own: one of three usual times, or a cron expression; in a time zone. */
export function ScheduleForm({ kind, suggestion, payload, schedule, onDone }: ScheduleFormProps) {
  const t = useTranslations('schedules')
  const common = useTranslations('common')
  const zonesId = useId()
  const [cron, setCron] = useState(schedule?.cron ?? suggestion)
  const [zone, setZone] = useState(schedule?.zone ?? Intl.DateTimeFormat().resolvedOptions().timeZone)
  const save = useMutation({ ...saveScheduleMutation(useQueryClient()) })
  const preset = presetOf(cron)
  const [wasTried, setWasTried] = useState(false)
  // With a zone that is one, only the cron expression can be what the server does not take.
  const isCronRefused = save.error instanceof ApiError && save.error.code === 'INVALID_INPUT'
  const changeCron = (next: string) => {
    setCron(next)
    save.reset()
  }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    setWasTried(true)
    if (!isZone(zone)) return
    const input = { kind, payload: schedule?.payload ?? payload, cron, zone, enabled: schedule?.enabled ?? true }
    save.mutate({ id: schedule?.id ?? null, input }, { onSuccess: onDone })
  }
  return (
    <form onSubmit={submit} className="flex flex-col gap-3 rounded-md border border-line-strong px-3 py-3">
      <Segments
        label={t('when')}
        value={preset}
        onChange={(next) => changeCron(next === 'own' ? '' : presets[next])}
        items={(['hourly', 'nightly', 'weekly', 'own'] as const).map((value) => ({ value, label: t(`preset.${value}`) }))}
      />
      <div className="grid gap-3 sm:grid-cols-2">
        <Field label={t('cron')} description={t('cronHelp')} error={isCronRefused ? t('cronWrong') : undefined}>
          <Input className="font-mono" required spellCheck={false} autoComplete="off" value={cron} onValueChange={changeCron} />
        </Field>
        <Field label={t('zone')} description={t('zoneHelp')} error={wasTried && !isZone(zone) ? t('zoneWrong') : undefined}>
          <Input
            required
            spellCheck={false}
            autoComplete="off"
            list={zonesId}
            value={zone}
            onValueChange={(next: string) => setZone(next)}
          />
        </Field>
      </div>
      <datalist id={zonesId}>
        {Intl.supportedValuesOf('timeZone').map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
      {save.error && !isCronRefused ? <ErrorPanel error={save.error} announce /> : null}
      <div className="flex gap-2">
        <Button type="submit" variant="primary" pending={save.isPending}>
          {t('save')}
        </Button>
        <Button onClick={onDone}>{common('cancel')}</Button>
      </div>
    </form>
  )
}

function presetOf(cron: string): Preset {
  return (['hourly', 'nightly', 'weekly'] as const).find((name) => presets[name] === cron) ?? 'own'
}

function isZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false
  }
}
