'use client'

import { Check, CircleHelp, Equal, PencilLine, TriangleAlert } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { Badge, type BadgeTone } from '@/components/ui/badge'
import type { RowState } from './verdict'

const looks: Record<RowState, { tone: BadgeTone; Icon: typeof Check }> = {
  identical: { tone: 'success', Icon: Check },
  changed: { tone: 'info', Icon: PencilLine },
  equal: { tone: 'success', Icon: Equal },
  different: { tone: 'danger', Icon: TriangleAlert },
  unknown: { tone: 'warning', Icon: CircleHelp },
}

/** A table's state in words. */
export function RowStateBadge({ state }: { state: RowState }) {
  const t = useTranslations('verification.rowState')
  const { tone, Icon } = looks[state]
  return (
    <Badge tone={tone} icon={<Icon aria-hidden />}>
      {t(state)}
    </Badge>
  )
}
