'use client'

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { ShieldCheck } from 'lucide-react'
import { useTranslations } from 'next-intl'
import type { ReactNode } from 'react'
import { PageHeader } from '@/components/admin/page-header'
import { WorkerNotice } from '@/components/admin/worker-notice'
import { ErrorPanel } from '@/components/api/error-panel'
import { isActive, recentJobsQuery } from '@/components/jobs/job-queries'
import { Badge } from '@/components/ui/badge'
import { Button } from '@/components/ui/button'
import { Card, CardBody, CardHeader } from '@/components/ui/card'
import { SkeletonBlock } from '@/components/ui/skeleton'
import { EndedJob } from './ended-job'
import { RunningBackup } from './running-backup'
import { UploadCard } from './upload-card'
import { moveFactsQuery, setRightsMutation } from './upload-queries'
import { useRefreshWhenEnded } from './use-refresh-when-ended'

const command = 'npm run backup -- create --include-env --encrypted'

/** Moving the app to another server: what to do there, what to do here, the keys compared and the rights set. */
export function MovePage() {
  const t = useTranslations('backups.move')
  const backups = useTranslations('backups')
  const facts = useQuery(moveFactsQuery())
  const { data: jobs } = useQuery(recentJobsQuery(20))
  const last = jobs?.find(({ kind }) => kind === 'import')
  const running = last && isActive(last) ? last : undefined
  useRefreshWhenEnded(running?.id)
  return (
    <>
      <PageHeader back={{ href: '/admin/backups', label: backups('back') }} title={t('title')} description={t('description')} />
      <div className="flex flex-col gap-4">
        <WorkerNotice />
        <div className="grid items-start gap-4 lg:grid-cols-2">
          <Steps id="move-there" title={t('there')} first={1}>
            <li>{t('step1')}</li>
            <li>
              {t('step2')} {t('step2Scp')} <code className="break-words font-mono text-xs">{command}</code>
            </li>
          </Steps>
          <Steps id="move-here" title={t('here')} first={3}>
            <li>
              {t('step3')} <code className="break-all font-mono text-xs">{facts.data?.keyFingerprint ?? '…'}</code>
              <span className="block text-ink-faint">{t('step3Body')}</span>
            </li>
            <li>{t('step4')}</li>
            <li>{t('step5')}</li>
            <li>{t('step6')}</li>
          </Steps>
        </div>
        {running ? <RunningBackup key={running.id} job={running} /> : null}
        {last && !running ? <EndedJob job={last} /> : null}
        <UploadCard />
        {facts.error && !facts.data ? <ErrorPanel error={facts.error} onRetry={() => void facts.refetch()} /> : null}
        <RightsCard />
      </div>
    </>
  )
}

function Steps({ id, title, first, children }: { id: string; title: string; first: number; children: ReactNode }) {
  return (
    <Card aria-labelledby={id}>
      <CardHeader title={title} titleId={id} />
      <CardBody>
        <ol start={first} className="flex list-decimal flex-col gap-2 pl-5 text-sm">
          {children}
        </ol>
      </CardBody>
    </Card>
  )
}

const tones = { ok: 'success', open: 'warning', missing: 'neutral' } as const

/** Who may read what the app keeps, and the button that gives it to the app's account alone. */
function RightsCard() {
  const t = useTranslations('backups.move')
  const queryClient = useQueryClient()
  const { data, error } = useQuery(moveFactsQuery())
  const set = useMutation(setRightsMutation(queryClient))
  return (
    <Card aria-labelledby="rights">
      <CardHeader
        title={t('rights')}
        titleId="rights"
        actions={
          <Button disabled={!data} pending={set.isPending} onClick={() => set.mutate()} icon={<ShieldCheck aria-hidden />}>
            {t('fix')}
          </Button>
        }
      />
      <CardBody className="flex flex-col gap-3">
        {!data && !error ? <SkeletonBlock label={t('rights')} rows={4} /> : null}
        {data ? (
          <ul className="flex flex-col divide-y divide-line">
            {data.rights.map(({ path, mode, status }) => (
              <li key={path} className="flex flex-wrap items-center justify-between gap-2 py-1.5">
                <span className="min-w-0 break-all font-mono text-xs">{path}</span>
                <span className="flex items-center gap-2">
                  <span className="tabular font-mono text-ink-faint text-xs">{mode ?? ''}</span>
                  <Badge tone={tones[status]}>{t(`right.${status}`)}</Badge>
                </span>
              </li>
            ))}
          </ul>
        ) : null}
        <p role="status" className={set.data ? 'text-sm text-success-ink' : 'sr-only'}>
          {set.data ? t('fixed') : ''}
        </p>
        {set.error ? <ErrorPanel error={set.error} announce /> : null}
      </CardBody>
    </Card>
  )
}
