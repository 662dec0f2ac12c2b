'use client'

import { useTranslations } from 'next-intl'
import { useFormatters } from '@/components/format/use-formatters'
import { LagChart } from './lag-chart'
import type { LagPoint } from './live-queries'

/** How far a copy is behind: changes, seconds, speed, and the line of the last minutes. */
export function LagFigures({ points }: { points: readonly LagPoint[] }) {
  const t = useTranslations('migration.live')
  const format = useFormatters()
  const last = points.at(-1)
  if (!last) return null
  const figures = [
    ['changesBehind', format.number(last.changesBehind)],
    ['secondsBehind', format.duration(Math.round(last.secondsBehind * 1000))],
    ['changesPerSecond', format.number(Math.round(last.changesPerSecond))],
  ] as const
  return (
    <div className="grid items-end gap-x-6 gap-y-3 sm:grid-cols-[auto_minmax(0,1fr)]">
      <dl className="flex flex-wrap gap-x-6 gap-y-2">
        {figures.map(([name, figure]) => (
          <div key={name}>
            <dt className="text-ink-faint text-xs">{t(name)}</dt>
            <dd className="tabular font-semibold text-xl">{figure}</dd>
          </div>
        ))}
      </dl>
      <LagChart points={points} />
    </div>
  )
}
