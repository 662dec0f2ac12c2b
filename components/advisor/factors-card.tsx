'use client'

import { useTranslations } from 'next-intl'
import { useFormatters } from '@/components/format/use-formatters'
import { Badge } from '@/components/ui/badge'
import { Card, CardHeader } from '@/components/ui/card'
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from '@/components/ui/table'
import type { Advice, Factor } from '@/lib/advisor/advice'

const tones = { fine: 'success', soon: 'warning', over: 'danger', unknown: 'neutral' } as const

/** Each factor: what was measured, from where on SQLite is not advised, and when that is at this growth. */
export function FactorsCard({ advice: { factors, figures } }: { advice: Advice }) {
  const t = useTranslations('advisor')
  const format = useFormatters()
  const figure = (name: Factor['name'], value: number): string => {
    if (name === 'size') return format.bytes(value)
    if (name === 'busy') return format.percent(value)
    if (name === 'availability') return t(value === 0 ? 'notNeeded' : 'needed')
    return name === 'writes' ? t('perSecond', { value: Math.round(value * 10) / 10 }) : format.number(value)
  }
  const projection = ({ name, value, monthsToLimit, growthPerMonth, measuredDays, state }: Factor): string => {
    if (name === 'machines' || name === 'availability') return t(value === null ? 'notAsked' : 'asked')
    if (name === 'writes' || name === 'busy') {
      return figures.sampledDays < 1 ? t('notSampled') : t('sampled', { days: Math.round(figures.sampledDays) })
    }
    if (state === 'over') return t('reached')
    if (growthPerMonth === null || measuredDays === null) return t('noTrend')
    if (monthsToLimit === null) return t('noGrowth', { days: Math.round(measuredDays) })
    const growth = `+${figure(name, growthPerMonth)}`
    if (monthsToLimit > 120) return t('inYears', { growth })
    return t('inMonths', { months: Math.max(1, Math.round(monthsToLimit)), growth })
  }
  return (
    <Card aria-labelledby="factors" className="overflow-hidden">
      <CardHeader title={t('factors')} titleId="factors" description={t('factorsBody')} />
      <Table label={t('factors')}>
        <TableHead>
          <tr>
            <TableHeader>{t('factor')}</TableHeader>
            <TableHeader>{t('here')}</TableHeader>
            <TableHeader>{t('limit')}</TableHeader>
            <TableHeader>{t('outlook')}</TableHeader>
          </tr>
        </TableHead>
        <TableBody>
          {factors.map((factor) => (
            <TableRow key={factor.name} data-factor={factor.name} data-state={factor.state}>
              <TableCell className="min-w-44">
                <p className="font-medium">{t(`names.${factor.name}`)}</p>
                <p className="text-ink-faint text-xs">{t(`why.${factor.name}`)}</p>
              </TableCell>
              <TableCell>
                <span className="tabular flex flex-wrap items-center gap-2 whitespace-nowrap">
                  {factor.value === null ? null : figure(factor.name, factor.value)}
                  <Badge tone={tones[factor.state]}>{t(`states.${factor.state}`)}</Badge>
                </span>
              </TableCell>
              <TableCell className="tabular whitespace-nowrap">
                {factor.name === 'availability' ? t('needed') : figure(factor.name, factor.limit)}
              </TableCell>
              <TableCell className="min-w-48 text-ink-soft">{projection(factor)}</TableCell>
            </TableRow>
          ))}
        </TableBody>
      </Table>
    </Card>
  )
}
