'use client'

import { useTranslations } from 'next-intl'
import { useFormatters } from '@/components/format/use-formatters'
import type { LagPoint } from './live-queries'

const width = 240
const height = 48
/** A copy that is a handful of changes behind is not to look like a mountain. */
const smallestTop = 20

/** The last two minutes of "changes behind", as a line; the figures beside it say the same in words. */
export function LagChart({ points }: { points: readonly LagPoint[] }) {
  const t = useTranslations('migration.live')
  const format = useFormatters()
  const [first] = points
  const last = points.at(-1)
  if (!first || !last || points.length < 2) return null
  const top = Math.max(smallestTop, ...points.map(({ changesBehind }) => changesBehind))
  const span = Math.max(1, last.at - first.at)
  const place = ({ at, changesBehind }: LagPoint) =>
    `${(((at - first.at) / span) * width).toFixed(1)},${(height - 1 - (changesBehind / top) * (height - 4)).toFixed(1)}`
  const line = points.map(place).join(' ')
  return (
    <figure className="m-0 min-w-0">
      <svg
        viewBox={`0 0 ${width} ${height}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={t('chart', { most: format.number(Math.max(...points.map(({ changesBehind }) => changesBehind))) })}
        className="h-12 w-full text-primary"
      >
        <polygon points={`0,${height} ${line} ${width},${height}`} fill="currentColor" opacity="0.12" />
        <polyline points={line} fill="none" stroke="currentColor" strokeWidth="1.5" vectorEffect="non-scaling-stroke" />
      </svg>
      <figcaption className="text-ink-faint text-xs">{t('chartCaption', { duration: format.duration(span) })}</figcaption>
    </figure>
  )
}
