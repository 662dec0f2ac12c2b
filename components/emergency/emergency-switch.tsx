'use client'

import type { UseMutationResult } from '@tanstack/react-query'
import { useTranslations } from 'next-intl'
import { useId, useState } from 'react'
import { ErrorPanel } from '@/components/api/error-panel'
import { useFormatters } from '@/components/format/use-formatters'
import { TypedConfirmation } from '@/components/jobs/typed-confirmation'
import { WaitingTable } from '@/components/migration/waiting-table'
import { Button } from '@/components/ui/button'
import { Card, CardBody, CardFooter, CardHeader } from '@/components/ui/card'
import type { Situation } from './emergency-queries'

const word = 'SQLite'

export interface EmergencySwitchProps {
  /** Whether the app was never on PostgreSQL: then nothing stays behind. */
  isUndecided: boolean
  person: string
  details: NonNullable<Situation['details']>
  leave: Pick<UseMutationResult<unknown, Error, void>, 'mutate' | 'isPending' | 'error'>
}

/** What is known of what stays behind, with its time, before the typed confirmation. */
export function EmergencySwitch({ isUndecided, person, details, leave }: EmergencySwitchProps) {
  const t = useTranslations('emergency.switch')
  const format = useFormatters()
  const formId = useId()
  const [typed, setTyped] = useState('')
  const { waiting } = details
  return (
    <Card aria-labelledby="leave">
      <CardHeader title={t('title')} titleId="leave" description={t('as', { person })} />
      <CardBody className="flex flex-col gap-4 text-sm">
        <dl className="grid gap-x-6 gap-y-2 max-sm:gap-y-0.5 max-sm:[&>dd]:mb-2 sm:grid-cols-[auto_minmax(0,1fr)]">
          <dt className="text-ink-soft">{t('target')}</dt>
          <dd className="break-all font-mono text-xs sm:pt-0.5">{details.target}</dd>
          <dt className="text-ink-soft">{t(isUndecided ? 'copySince' : 'onPostgresSince')}</dt>
          <dd>{format.dateTime(details.since)}</dd>
          {details.awaySince === null ? null : (
            <>
              <dt className="text-ink-soft">{t('awaySince')}</dt>
              <dd>{format.dateTime(details.awaySince)}</dd>
            </>
          )}
          <dt className="text-ink-soft">{t('reason')}</dt>
          <dd lang="en">{details.reason}</dd>
        </dl>
        {isUndecided ? (
          <p>{t('nothingBehind')}</p>
        ) : waiting === null ? (
          <p className="font-medium">{t('unknown')}</p>
        ) : (
          <div className="overflow-hidden rounded-lg border border-line">
            <p className="bg-sunken px-4 py-2 font-medium">{t('behind', { count: waiting.total, when: format.dateTime(waiting.at) })}</p>
            {waiting.total > 0 ? (
              <div className="max-h-56 overflow-y-auto">
                <WaitingTable preview={waiting} />
              </div>
            ) : null}
            <p className="border-line border-t px-4 py-2 text-ink-soft text-xs">{t('later')}</p>
          </div>
        )}
        <ul className="list-disc space-y-1 pl-5 text-ink-soft">
          <li>{t('effects.writes')}</li>
          <li>{t('effects.closed')}</li>
          <li>{t('effects.list')}</li>
          <li>{t('effects.accounts')}</li>
        </ul>
        <form
          id={formId}
          className="max-w-sm"
          onSubmit={(event) => {
            event.preventDefault()
            if (typed === word) leave.mutate()
          }}
        >
          <TypedConfirmation word={word} value={typed} onChange={setTyped} />
        </form>
        {leave.error ? <ErrorPanel error={leave.error} announce /> : null}
      </CardBody>
      <CardFooter className="max-sm:flex-col max-sm:items-stretch">
        <Button type="submit" form={formId} variant="danger" size="large" disabled={typed !== word} pending={leave.isPending}>
          {t('submit')}
        </Button>
        <p className="text-ink-faint text-sm">{t('takes')}</p>
      </CardFooter>
    </Card>
  )
}
