'use client'

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useTranslations } from 'next-intl'
import { ErrorPanel } from '@/components/api/error-panel'
import { TimeStamp } from '@/components/format/time-stamp'
import { Segments } from '@/components/ui/segments'
import { checklistItems } from '@/lib/verification/function-report'
import { type KeptFunctionReport, tickMutation, verificationKeys } from './verification-queries'

type Choice = 'open' | 'works' | 'broken'

/** The guide's points that need a browser: tried by hand, ticked with name and time, kept with the report. */
export function FunctionChecklist({ report }: { report: KeptFunctionReport }) {
  const t = useTranslations('verification.checklist')
  const queryClient = useQueryClient()
  const tick = useMutation({
    ...tickMutation(report.id),
    onSettled: () => queryClient.invalidateQueries({ queryKey: verificationKeys.functions }),
  })
  const done = report.ticks.length
  return (
    <section aria-labelledby="checklist" className="flex flex-col gap-2">
      <h3 id="checklist" className="font-semibold text-sm">
        {t('title')} <span className="font-normal text-ink-faint">{t('done', { done, all: checklistItems.length })}</span>
      </h3>
      {report.signedOff ? (
        <p className="break-all text-ink-faint text-xs">
          {t(report.signedOff.isUnchanged ? 'signedOff' : 'notSignedOff')} <span className="font-mono">{report.signedOff.checksum}</span>
        </p>
      ) : null}
      {tick.error ? <ErrorPanel error={tick.error} announce /> : null}
      <ul className="flex flex-col">
        {checklistItems.map((item) => {
          const known = report.ticks.find((each) => each.item === item)
          return (
            <li key={item} className="flex flex-wrap items-center justify-between gap-x-4 gap-y-1 border-line border-b py-2 text-sm">
              <span className="min-w-0">
                {t(`item.${item}`)}
                {known ? (
                  <span className="block text-ink-faint text-xs">
                    {known.by} · <TimeStamp iso={known.at} />
                  </span>
                ) : null}
              </span>
              <Segments<Choice>
                label={t(`item.${item}`)}
                value={known?.outcome ?? 'open'}
                onChange={(next) => tick.mutate({ item, outcome: next === 'open' ? null : next })}
                items={(['open', 'works', 'broken'] as const).map((value) => ({ value, label: t(value) }))}
              />
            </li>
          )
        })}
      </ul>
    </section>
  )
}
