'use client'

import { Eye, EyeOff } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { ErrorPanel } from '@/components/api/error-panel'
import { useFormatters } from '@/components/format/use-formatters'
import { PasswordDialog } from '@/components/jobs/password-dialog'
import { useWithPassword } from '@/components/jobs/use-with-password'
import { Button } from '@/components/ui/button'
import { ShownValue } from './shown-value'
import { type ValuesRequest, valuesMutation } from './verification-queries'

/** The values behind a difference: hidden until asked for, read from both databases at that moment, forgotten with the page. */
export function DifferenceValues({ request }: { request: ValuesRequest }) {
  const t = useTranslations('verification.values')
  const format = useFormatters()
  const reveal = useWithPassword(valuesMutation())
  const values = reveal.data?.values
  return (
    <div className="flex min-w-0 flex-col gap-2">
      <div className="flex flex-wrap items-center gap-2">
        <Button
          size="small"
          pending={reveal.isPending}
          onClick={() => (values ? reveal.reset() : reveal.mutate(request))}
          icon={values ? <EyeOff aria-hidden /> : <Eye aria-hidden />}
        >
          {t(values ? 'hide' : 'show')}
        </Button>
        {values ? null : (
          <span aria-hidden className="select-none font-mono text-ink-faint text-xs tracking-widest">
            ••••••
          </span>
        )}
        {reveal.data ? <span className="text-ink-faint text-xs">{t('readAt', { time: format.time(reveal.data.readAt) })}</span> : null}
      </div>
      {reveal.error ? <ErrorPanel error={reveal.error} announce /> : null}
      {values?.map((value) => (
        <div key={value.column} className="flex flex-col gap-1">
          <p className="font-medium text-xs">
            {value.column}
            {value.firstDifference === null ? null : (
              <span className="font-normal text-ink-faint">
                {' '}
                · {t('firstDifference', { at: format.number(value.firstDifference + 1) })}
              </span>
            )}
          </p>
          <div className="flex gap-2 max-sm:flex-col">
            <ShownValue side="source" value={value.source} />
            <ShownValue side="target" value={value.target} />
          </div>
        </div>
      ))}
      <PasswordDialog {...reveal.passwordDialog} />
    </div>
  )
}
