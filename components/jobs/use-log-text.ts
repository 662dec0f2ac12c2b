'use client'

import { useTranslations } from 'next-intl'
import { useFormatters } from '@/components/format/use-formatters'
import type { LogLine } from './job-progress'
import { usePhaseName } from './use-phase-name'

/** A line of the log as one sentence. What the libraries wrote stays as they wrote it, in English. */
export function useLogText(): (content: LogLine['content']) => string {
  const t = useTranslations()
  const format = useFormatters()
  const phaseName = usePhaseName()
  return (content) => {
    switch (content.type) {
      case 'message':
        return content.text
      case 'finding': {
        const { table, column, message } = content.finding
        const where = [table, column].filter((part) => part !== null).join('.')
        return where === '' ? message : `${where}: ${message}`
      }
      case 'status':
        return t('jobs.statusLine', { status: t(`jobs.status.${content.status}`) })
      case 'phase': {
        const line = t('jobs.phaseLine', { phase: phaseName(content.phase).title, status: t(`phaseStatus.${content.status}`) })
        return content.elapsedMs === null ? line : `${line} (${format.duration(content.elapsedMs)})`
      }
    }
  }
}
