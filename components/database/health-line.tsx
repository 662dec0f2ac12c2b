'use client'

import { ChevronRight } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { type ReactNode, useState } from 'react'
import { CopyButton } from '@/components/preflight/copy-button'
import { Button } from '@/components/ui/button'
import { classNames } from '@/components/ui/class-names'
import type { HealthAction, HealthCheck, HealthItem } from '@/lib/monitoring/health-report'
import { EndSessionButton } from './end-session-button'
import { levelLooks } from './level-looks'
import { MaintenanceButton } from './maintenance-button'
import { useHealthWords } from './use-health-words'

const shownFirst = 6

/** A check on one line; opened, why it matters, what is concerned, the remedy to copy and, where it is safe, the button. */
export function HealthLine({ check }: { check: HealthCheck }) {
  const t = useTranslations('database')
  const words = useHealthWords()
  const { title, what, why, remedy } = words.ofCheck(check)
  const { Icon, ink } = levelLooks[check.level]
  const [all, setAll] = useState(false)
  const items = all ? check.items : check.items.slice(0, shownFirst)
  const hidden = check.items.length - items.length
  return (
    <details className="group border-line border-b last:border-b-0" data-check={check.code} data-level={check.level}>
      <summary className="grid cursor-pointer list-none grid-cols-[1.25rem_minmax(0,1fr)_1rem] items-start gap-x-2.5 px-4 py-2.5 text-sm hover:bg-hover sm:grid-cols-[1.25rem_15rem_minmax(0,1fr)_1rem] sm:px-5 [&::-webkit-details-marker]:hidden">
        <Icon aria-hidden className={classNames('mt-0.5 size-4', ink)} />
        <span className="font-medium">
          {title} <span className={classNames('whitespace-nowrap font-normal text-xs', ink)}>{t(`level.${check.level}`)}</span>
        </span>
        <span className="min-w-0 break-words text-ink-soft max-sm:col-start-2 max-sm:row-start-2">{what}</span>
        <ChevronRight
          aria-hidden
          className="mt-0.5 size-4 justify-self-end text-ink-faint transition-transform group-open:rotate-90 max-sm:col-start-3 max-sm:row-start-1"
        />
      </summary>
      <dl className="grid gap-x-4 gap-y-2 px-4 pb-4 text-sm sm:grid-cols-[9rem_minmax(0,1fr)] sm:pr-5 sm:pl-[3.125rem]">
        <Fact name={t('why')}>{why}</Fact>
        {remedy === null && check.sql === null && check.action === null ? null : (
          <Fact name={t('remedy')}>
            {remedy === null ? null : <p>{remedy}</p>}
            {check.sql === null ? null : <Sql text={check.sql} label={title} />}
            {check.action === null ? null : (
              <div className="mt-2 flex flex-wrap items-center gap-2">
                <ActionButton action={check.action} subject={title} sql={check.sql} isForAll={check.items.length > 1} />
              </div>
            )}
          </Fact>
        )}
        {items.length === 0 ? null : (
          <Fact name={t('concerned', { count: check.count })}>
            <ul className="flex flex-col divide-y divide-line rounded-md border border-line">
              {items.map((item) => (
                <Item key={`${item.subject} ${item.wording}`} item={item} sentence={words.ofItem(check, item)} />
              ))}
            </ul>
            {hidden > 0 ? (
              <Button variant="quiet" size="small" className="mt-1" onClick={() => setAll(true)}>
                {t('showMore', { count: hidden })}
              </Button>
            ) : null}
            {check.count > check.items.length ? (
              <p className="mt-1 text-ink-faint text-xs">{t('furtherOnes', { count: check.count - check.items.length })}</p>
            ) : null}
          </Fact>
        )}
      </dl>
    </details>
  )
}

function Item({ item, sentence }: { item: HealthItem; sentence: string | null }) {
  const t = useTranslations('database')
  const { ink } = levelLooks[item.level]
  return (
    <li className="flex flex-wrap items-start justify-between gap-x-3 gap-y-1.5 px-3 py-2">
      <div className="min-w-0 flex-1 basis-60">
        <p className="break-all font-mono text-xs">
          {item.subject} <span className={classNames('font-sans', ink)}>{t(`level.${item.level}`)}</span>
        </p>
        {sentence === null ? null : <p className="break-words text-ink-soft">{sentence}</p>}
        {item.sql === null ? null : (
          <details className="mt-1 text-xs">
            <summary className="w-fit cursor-pointer rounded text-ink-soft">{t('sql')}</summary>
            <Sql text={item.sql} label={item.subject} />
          </details>
        )}
      </div>
      {item.action === null ? null : (
        <div className="flex flex-wrap items-center gap-2">
          <ActionButton action={item.action} subject={item.subject} sql={item.sql} />
        </div>
      )}
    </li>
  )
}

function ActionButton({
  action,
  subject,
  sql,
  isForAll = false,
}: {
  action: HealthAction
  subject: string
  sql: string | null
  isForAll?: boolean
}) {
  const t = useTranslations('database')
  if (action.kind === 'session')
    return <EndSessionButton pid={action.pid} startedAt={action.startedAt} isActive={action.isActive} isOurs={action.isOurs} />
  const label = isForAll ? t('forAll', { name: t(`operations.${action.request.operation}.button`) }) : undefined
  return <MaintenanceButton request={action.request} subject={subject} sql={sql} {...(label === undefined ? {} : { label })} />
}

/** SQL to copy. */
export function Sql({ text, label }: { text: string; label: string }) {
  return (
    <div className="mt-1.5 flex items-start justify-between gap-2 rounded-md border border-line bg-sunken p-2">
      <pre className="min-w-0 whitespace-pre-wrap break-all pt-0.5 font-mono text-xs">{text}</pre>
      <CopyButton text={text} label={label} />
    </div>
  )
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt className="text-ink-faint max-sm:mt-1">{name}</dt>
      <dd className="min-w-0">{children}</dd>
    </>
  )
}
