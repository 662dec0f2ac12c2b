import { useTranslations } from 'next-intl'
import { Callout } from '@/components/ui/callout'
import type { DestinationTest } from '@/lib/backup/destinations/destination'

/** How the test of a destination came out: which step failed, and why. */
export function DestinationTestResult({ test }: { test: DestinationTest }) {
  const t = useTranslations('backups.destinations.testResult')
  if (test.status === 'passed') return <Callout tone="success" live="status" title={t('passed')} />
  const failed = test.steps.find((step) => step.status === 'failed')
  return (
    <Callout tone="danger" live="alert" title={t('failed')}>
      {failed?.reason ? <p>{t(`reason.${failed.reason}`)}</p> : null}
      <ul className="mt-1 flex flex-wrap gap-x-4 gap-y-0.5 text-sm">
        {test.steps.map(({ step, status }) => (
          <li key={step}>{t('line', { step: t(`step.${step}`), status: t(`status.${status}`) })}</li>
        ))}
      </ul>
      {/* What the server said, where the reason does not say it all. */}
      {failed?.message && failed.reason !== 'folder-missing' ? (
        <p lang="en" className="mt-1 break-words font-mono text-xs">
          {failed.message}
        </p>
      ) : null}
    </Callout>
  )
}
