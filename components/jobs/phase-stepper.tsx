'use client'

import { Check, CircleDashed, LoaderCircle, Minus, Unplug, X } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { useFormatters } from '@/components/format/use-formatters'
import { useNow } from '@/components/format/use-now'
import { classNames } from '@/components/ui/class-names'
import type { PhaseProgress, PhaseStatus } from './job-progress'
import { PhaseFacts } from './phase-facts'
import { usePhaseName } from './use-phase-name'

const looks: Record<PhaseStatus, { Icon: typeof Check; ring: string }> = {
  waiting: { Icon: CircleDashed, ring: 'border-line-strong text-ink-faint' },
  started: { Icon: LoaderCircle, ring: 'border-postgres text-postgres-ink bg-postgres-soft' },
  reconnecting: { Icon: Unplug, ring: 'border-warning bg-warning-soft text-warning-ink' },
  succeeded: { Icon: Check, ring: 'border-success bg-success-soft text-success-ink' },
  failed: { Icon: X, ring: 'border-danger bg-danger-soft text-danger-ink' },
  skipped: { Icon: Minus, ring: 'border-line-strong text-ink-faint' },
}

export interface PhaseStepperProps {
  phases: readonly PhaseProgress[]
  /** Whether the job is still at work: the running phase's clock goes on. */
  live: boolean
}

/** The phases of a job in order, each with its state, its time and what it found. */
export function PhaseStepper({ phases, live }: PhaseStepperProps) {
  const t = useTranslations()
  const phaseName = usePhaseName()
  return (
    <ol aria-label={t('jobs.phases')} className="flex flex-col">
      {phases.map((phase, index) => {
        const { Icon, ring } = looks[phase.status]
        const name = phaseName(phase.phase)
        const isUnderWay = phase.status === 'started' || phase.status === 'reconnecting'
        const isRunning = isUnderWay && live
        return (
          <li
            key={phase.phase}
            aria-current={isRunning ? 'step' : undefined}
            className="relative grid grid-cols-[1.5rem_minmax(0,1fr)_auto] gap-x-3 pb-4 last:pb-0"
          >
            {index === phases.length - 1 ? null : (
              <span
                aria-hidden
                className={classNames(
                  'absolute top-6 bottom-0 left-[calc(0.75rem-0.5px)] w-px',
                  phase.status === 'succeeded' ? 'bg-success/50' : 'bg-line-strong',
                )}
              />
            )}
            <span aria-hidden className={classNames('grid size-6 place-items-center rounded-full border', ring)}>
              <Icon className={classNames('size-3.5', isRunning && (phase.status === 'reconnecting' ? 'animate-pulse' : 'animate-spin'))} />
            </span>
            <div className="min-w-0 pt-0.5">
              <p className={classNames('text-sm', phase.status === 'waiting' ? 'text-ink-faint' : 'font-medium')}>
                {name.title}
                <span className="sr-only">, {t(`phaseStatus.${phase.status}`)}</span>
              </p>
              {isRunning && phase.status === 'reconnecting' ? (
                <p className="text-warning-ink text-xs">{t('phaseStatus.reconnecting')}</p>
              ) : isRunning && name.body !== null ? (
                <p className="text-ink-faint text-xs">{name.body}</p>
              ) : null}
              {isUnderWay ? null : <PhaseFacts facts={phase.facts} />}
            </div>
            <PhaseTime phase={phase} live={isRunning} />
          </li>
        )
      })}
    </ol>
  )
}

function PhaseTime({ phase, live }: { phase: PhaseProgress; live: boolean }) {
  const t = useTranslations('phaseStatus')
  const format = useFormatters()
  const now = useNow(1_000, live)
  const elapsedMs = phase.elapsedMs ?? (live && phase.startedAt !== null ? Math.max(0, now - Date.parse(phase.startedAt)) : null)
  return (
    <span className={classNames('tabular pt-1 text-xs', phase.status === 'failed' ? 'text-danger-ink' : 'text-ink-faint')}>
      {elapsedMs !== null
        ? format.duration(live ? Math.floor(elapsedMs / 1000) * 1000 || 1 : elapsedMs)
        : phase.status === 'waiting'
          ? ''
          : t(phase.status)}
    </span>
  )
}
