'use client'

import { useMemo } from 'react'
import { Line, LineChart, ResponsiveContainer, Tooltip, XAxis, YAxis } from 'recharts'
import { useFormatters } from '@/components/format/use-formatters'
import type { History, HistoryFigures } from '@/lib/monitoring/history-points'
import { strokeOf } from './stroke'

type Figure = keyof HistoryFigures

export interface HistoryChartProps {
  history: History
  figures: readonly Figure[]
  write: (figure: number) => string
  nameOf: (figure: Figure) => string
  /** What a screen reader calls it; arrow keys then go from point to point. */
  label: string
  isShare: boolean
}

/** Lines over time. Where a measurement is missing there is no line: nothing is made up. */
export default function HistoryChart({ history, figures, write, nameOf, label, isShare }: HistoryChartProps) {
  const format = useFormatters()
  const rows = useMemo(() => withGaps(history), [history])
  return (
    <ResponsiveContainer width="100%" height="100%">
      <LineChart data={rows} margin={{ top: 4, right: 4, bottom: 0, left: 0 }} title={label} accessibilityLayer>
        <XAxis dataKey="at" type="number" domain={['dataMin', 'dataMax']} hide />
        <YAxis hide domain={isShare ? [0, 1] : [0, (highest: number) => highest * 1.1 || 1]} />
        <Tooltip
          isAnimationActive={false}
          cursor={{ stroke: 'var(--line-strong)' }}
          contentStyle={{
            background: 'var(--surface)',
            border: '1px solid var(--line)',
            borderRadius: 8,
            fontSize: 12,
            padding: '4px 8px',
          }}
          labelStyle={{ color: 'var(--ink-faint)' }}
          itemStyle={{ color: 'var(--ink)', padding: 0 }}
          labelFormatter={(at) => format.dateTime(new Date(Number(at)).toISOString())}
          formatter={(figure, name) => [write(Number(figure)), nameOf(String(name) as Figure)]}
        />
        {figures.map((figure, place) => (
          <Line
            key={figure}
            dataKey={figure}
            stroke={strokeOf(place)}
            strokeWidth={1.75}
            type="linear"
            dot={rows.length < 3}
            activeDot={{ r: 3 }}
            connectNulls={false}
            isAnimationActive={false}
          />
        ))}
      </LineChart>
    </ResponsiveContainer>
  )
}

type Row = { readonly at: number } & Partial<HistoryFigures>

/** Points as rows, with an empty one wherever two are further apart than they should be. */
function withGaps({ points, gapMs }: History): readonly Row[] {
  return points.flatMap((point, place): Row[] => {
    const at = Date.parse(point.at)
    const before = points[place - 1]
    const row = { at, ...point.figures }
    if (before === undefined || at - Date.parse(before.at) <= gapMs) return [row]
    return [{ at: Date.parse(before.at) + 1 }, row]
  })
}
