'use client'

import { ChevronRight } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { classNames } from '@/components/ui/class-names'
import type { PreflightCheck } from '@/lib/preflight/preflight-result'
import { CopyButton } from './copy-button'
import { statusLooks } from './status-looks'
import { useCheckWords } from './use-check-words'

/** A check on one line; opened, why it matters, what is concerned, and the remedy to copy. */
export function CheckLine({ check }: { check: PreflightCheck }) {
  const t = useTranslations('preflight')
  const { title, what, why, hint, detail } = useCheckWords()(check)
  const { Icon, ink } = statusLooks[check.status]
  const more = (check.count ?? 0) - check.examples.length
  return (
    <details className="group border-line border-b last:border-b-0" data-check={check.code} data-status={check.status}>
      <summary className="grid cursor-pointer list-none grid-cols-[1.25rem_minmax(0,1fr)_1rem] items-start gap-x-2.5 px-4 py-2.5 text-sm hover:bg-hover sm:grid-cols-[1.25rem_14rem_minmax(0,1fr)_1rem] sm:px-5 [&::-webkit-details-marker]:hidden">
        <Icon aria-hidden className={classNames('mt-0.5 size-4', ink)} />
        <span className="font-medium">
          {title}
          <span className={classNames('ml-2 whitespace-nowrap font-normal text-xs', ink)}>{t(`status.${check.status}`)}</span>
        </span>
        <span className="min-w-0 break-words text-ink-soft max-sm:col-start-2 max-sm:row-start-2">{what}</span>
        <ChevronRight
          aria-hidden
          className="mt-0.5 size-4 justify-self-end text-ink-faint transition-transform group-open:rotate-90 max-sm:col-start-3 max-sm:row-start-1"
        />
      </summary>
      <dl className="grid gap-x-4 gap-y-2 px-4 pb-4 text-sm sm:grid-cols-[9rem_minmax(0,1fr)] sm:pr-5 sm:pl-[3.125rem]">
        <Fact name={t('why')}>{why}</Fact>
        {check.where === null ? null : (
          <Fact name={t('where')}>
            <span className="break-all font-mono text-xs">{check.where}</span>
          </Fact>
        )}
        {check.examples.length === 0 ? null : (
          <Fact name={t('examples')}>
            <ul className="flex flex-col gap-0.5 break-all font-mono text-xs">
              {check.examples.map((example) => (
                <li key={example}>{example}</li>
              ))}
            </ul>
            {more > 0 ? <p className="text-ink-faint text-xs">{t('more', { count: more })}</p> : null}
          </Fact>
        )}
        {detail === null ? null : (
          <Fact name={t('detail')}>
            <span lang="en" className="break-words font-mono text-xs">
              {detail}
            </span>
          </Fact>
        )}
        {hint === null && check.remedy === null ? null : (
          <Fact name={t('remedy')}>
            {hint === null ? null : <p>{hint}</p>}
            {check.remedy === null ? null : <Remedy text={check.remedy} title={title} />}
          </Fact>
        )}
      </dl>
    </details>
  )
}

function Remedy({ text, title }: { text: string; title: string }) {
  return (
    <div className="mt-1.5 flex items-start justify-between gap-2 rounded-md border border-line bg-sunken p-2">
      <pre className="min-w-0 whitespace-pre-wrap break-all pt-0.5 font-mono text-xs">{text}</pre>
      <CopyButton text={text} label={title} />
    </div>
  )
}

function Fact({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <>
      <dt className="text-ink-faint max-sm:mt-1">{name}</dt>
      <dd className="min-w-0">{children}</dd>
    </>
  )
}
