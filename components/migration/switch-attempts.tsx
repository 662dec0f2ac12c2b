'use client'

import Link from 'next/link'
import { useTranslations } from 'next-intl'
import { useErrorText } from '@/components/api/use-error-text'
import { TimeStamp } from '@/components/format/time-stamp'
import type { SwitchPlan } from '@/lib/control/switch-choice'

/** The attempts of a planned switch, each with why it did not succeed; nothing before the first. */
export function SwitchAttempts({ attempts }: { attempts: SwitchPlan['attempts'] }) {
  const t = useTranslations('migration.switchPlan')
  const errorText = useErrorText()
  if (attempts.length === 0) return null
  return (
    <div>
      <h3 className="font-medium text-sm">{t('attempts')}</h3>
      <ol className="mt-1 flex flex-col gap-1 text-sm">
        {attempts.map(({ jobId, at, error }) => (
          <li key={jobId} className="text-ink-soft">
            <TimeStamp iso={at} className="tabular text-ink-faint" />{' '}
            {error === null ? t('attemptRunning') : errorText({ ...error, retryable: false }).title}{' '}
            {error === null ? null : (
              <span lang="en" className="text-ink-faint">
                {error.message}
              </span>
            )}{' '}
            <Link href={`/admin/activity/${jobId}`} className="text-info-ink underline-offset-4 hover:underline">
              {t('attemptLog')}
            </Link>
          </li>
        ))}
      </ol>
    </div>
  )
}
