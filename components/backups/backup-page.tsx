'use client'

import { useQuery } from '@tanstack/react-query'
import { ArchiveRestore, Download, FlaskConical, Lock, LockOpen, Trash2 } from 'lucide-react'
import { useRouter } from 'next/navigation'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { PageHeader } from '@/components/admin/page-header'
import { ErrorPanel } from '@/components/api/error-panel'
import { ExplainLink } from '@/components/api/explain-link'
import { useFormatters } from '@/components/format/use-formatters'
import { isActive, recentJobsQuery } from '@/components/jobs/job-queries'
import { PasswordDialog } from '@/components/jobs/password-dialog'
import { AlertDialog } from '@/components/ui/alert-dialog'
import { Button } from '@/components/ui/button'
import { Callout } from '@/components/ui/callout'
import { Card, CardHeader } from '@/components/ui/card'
import { SkeletonBlock } from '@/components/ui/skeleton'
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from '@/components/ui/table'
import { type BackupView, isReachable } from '@/lib/backup/backup-view'
import { CopyBadge, LockBadge, TrustBadge } from './backup-badges'
import { BackupFacts } from './backup-facts'
import { backupQuery, backupsQuery } from './backup-queries'
import { CopiesCard } from './copies-card'
import { EndedJob } from './ended-job'
import { ForeignNotice } from './foreign-notice'
import { KeyCheck } from './key-check'
import { RestoreDialog } from './restore-dialog'
import { isBackupJob, RunningBackup } from './running-backup'
import { TrialProblem } from './trial-problem'
import { useBackupActions } from './use-backup-actions'
import { useRefreshWhenEnded } from './use-refresh-when-ended'

export interface BackupPageProps {
  backupId: string
  /** Whether the page opens with the question what to restore. Default: false. */
  asksToRestore?: boolean
}

/** One backup: what is in it, how far it can be trusted, and what can be done with it. */
export function BackupPage({ backupId, asksToRestore = false }: BackupPageProps) {
  const t = useTranslations('backups')
  const { data: backup, error, refetch } = useQuery(backupQuery(backupId))
  const { data: jobs } = useQuery(recentJobsQuery(20))
  const running = jobs?.find((job) => isBackupJob(job) && isActive(job))
  useRefreshWhenEnded(running?.id)
  const [watchedId, setWatchedId] = useState<string>()
  if (running && running.id !== watchedId) setWatchedId(running.id)
  // Of this backup's own doings, those that came to their end while somebody looked; others are on the list's page.
  const ended = running ? undefined : jobs?.find(({ id }) => id === watchedId)
  return (
    <>
      <PageHeader
        back={{ href: '/admin/backups', label: t('back') }}
        title={
          <span className="flex flex-wrap items-center gap-3">
            {t('oneTitle')}
            {backup ? <TrustBadge backup={backup} /> : null}
            {backup ? <CopyBadge backup={backup} /> : null}
            {backup ? <LockBadge backup={backup} /> : null}
          </span>
        }
        actions={
          backup?.status === 'written' ? (
            <Actions backup={backup} isBusy={running !== undefined} asksToRestore={asksToRestore} />
          ) : undefined
        }
      />
      <div className="flex flex-col gap-4">
        {error && !backup ? <ErrorPanel error={error} onRetry={() => void refetch()} /> : null}
        {!backup && !error ? <SkeletonBlock label={t('loading')} rows={8} /> : null}
        {running ? <RunningBackup key={running.id} job={running} /> : null}
        {ended ? <EndedJob job={ended} /> : null}
        {backup ? <Content backup={backup} isBusy={running !== undefined} /> : null}
      </div>
    </>
  )
}

function Content({ backup, isBusy }: { backup: BackupView; isBusy: boolean }) {
  const t = useTranslations('backups')
  const format = useFormatters()
  const { manifest, trial, error } = backup
  return (
    <>
      {backup.foreign ? <ForeignNotice backup={backup} /> : null}
      {error ? (
        <Callout tone="danger" title={t('failedTitle')}>
          <span lang="en">
            {error.message} {error.hint}
          </span>{' '}
          <ExplainLink code={error.code} />
        </Callout>
      ) : null}
      {trial && trial.status !== 'passed' ? (
        <Callout
          tone={trial.status === 'failed' ? 'danger' : 'warning'}
          title={t(trial.status === 'failed' ? 'trialFailed' : 'trialImpossible')}
        >
          <TrialProblem problem={trial.problem ?? ''} />
        </Callout>
      ) : null}
      {manifest && manifest.files.problemCount > 0 ? (
        <Callout tone="warning" title={t('problems', { count: manifest.files.problemCount })}>
          <ul className="font-mono text-xs">
            {manifest.files.problems.slice(0, 10).map((problem) => (
              <li key={problem.path}>
                {problem.path}: {problem.fault}
              </li>
            ))}
          </ul>
        </Callout>
      ) : null}
      {manifest && manifest.database.leftOut.length > 0 ? (
        <Callout tone="warning" title={t('leftOut')}>
          {manifest.database.leftOut.join(', ')}
        </Callout>
      ) : null}
      <div className="grid items-start gap-4 lg:grid-cols-2">
        <div className="flex min-w-0 flex-col gap-4">
          <BackupFacts backup={backup} />
          {backup.status === 'written' ? <CopiesCard backup={backup} isBusy={isBusy} /> : null}
          {backup.encryption.kind !== 'none' && isReachable(backup) ? <KeyCheck backup={backup} isBusy={isBusy} /> : null}
        </div>
        {manifest ? (
          <Card aria-labelledby="backup-tables">
            <CardHeader title={t('tables')} titleId="backup-tables" description={t('tablesBody')} />
            <Table label={t('tables')}>
              <TableHead>
                <tr>
                  <TableHeader>{t('table')}</TableHeader>
                  <TableHeader className="text-right">{t('rows')}</TableHeader>
                </tr>
              </TableHead>
              <TableBody>
                {manifest.database.tables.map(({ table, rows }) => (
                  <TableRow key={table}>
                    <TableCell className="font-mono text-xs">{table}</TableCell>
                    <TableCell className="tabular text-right">{format.number(rows)}</TableCell>
                  </TableRow>
                ))}
              </TableBody>
            </Table>
          </Card>
        ) : null}
      </div>
    </>
  )
}

function Actions({ backup, isBusy, asksToRestore }: { backup: BackupView; isBusy: boolean; asksToRestore: boolean }) {
  const t = useTranslations('backups')
  const common = useTranslations('common')
  const router = useRouter()
  const [isAsking, setIsAsking] = useState(false)
  const mayRestore = isReachable(backup) && !backup.foreign
  const [isRestoring, setIsRestoring] = useState(asksToRestore && mayRestore)
  const { download, remove, lock, trial } = useBackupActions(() => router.push('/admin/backups'))
  const error = download.error ?? remove.error
  const format = useFormatters()
  const { data: all } = useQuery(backupsQuery())
  const copies = backup.copies.filter(({ status }) => status === 'uploaded')
  const isGood = (one: BackupView) => one.trial?.status === 'passed' && isReachable(one)
  const isLastGood = all !== undefined && isGood(backup) && all.backups.filter(isGood).length === 1
  return (
    <>
      {isReachable(backup) ? (
        <Button variant="primary" pending={download.isPending} onClick={() => download.mutate(backup.id)} icon={<Download aria-hidden />}>
          {t('download')}
        </Button>
      ) : null}
      {isReachable(backup) && backup.keyKnown && !backup.foreign ? (
        <Button
          pending={trial.isPending}
          disabled={isBusy}
          onClick={() => trial.mutate({ id: backup.id, key: null })}
          icon={<FlaskConical aria-hidden />}
        >
          {t('tryNow')}
        </Button>
      ) : null}
      {mayRestore ? (
        <Button disabled={isBusy} onClick={() => setIsRestoring(true)} icon={<ArchiveRestore aria-hidden />}>
          {t('restore.open')}
        </Button>
      ) : null}
      <Button
        pending={lock.isPending}
        onClick={() => lock.mutate({ id: backup.id, locked: !backup.locked })}
        icon={backup.locked ? <LockOpen aria-hidden /> : <Lock aria-hidden />}
      >
        {t(backup.locked ? 'unlock' : 'lock')}
      </Button>
      <Button disabled={backup.locked} pending={remove.isPending} onClick={() => setIsAsking(true)} icon={<Trash2 aria-hidden />}>
        {t('delete')}
      </Button>
      {error ? <ErrorPanel error={error} announce className="w-full" /> : null}
      <AlertDialog
        open={isAsking}
        onOpenChange={setIsAsking}
        title={t('deleteTitle')}
        description={t('deleteBody', { when: format.dateTime(backup.createdAt), count: copies.length })}
        footer={
          <>
            <Button
              variant="danger"
              onClick={() => {
                setIsAsking(false)
                remove.mutate(backup.id)
              }}
            >
              {t('deleteSubmit')}
            </Button>
            <Button onClick={() => setIsAsking(false)}>{common('cancel')}</Button>
          </>
        }
      >
        {copies.length === 0 && !isLastGood ? undefined : (
          <div className="flex flex-col gap-3">
            {copies.length > 0 ? (
              <p className="text-sm">{t('deleteCopies', { names: copies.map(({ name }) => name ?? '?').join(', ') })}</p>
            ) : null}
            {isLastGood ? <Callout tone="danger" title={t('deleteLast')} /> : null}
          </div>
        )}
      </AlertDialog>
      <RestoreDialog backup={backup} open={isRestoring} onOpenChange={setIsRestoring} />
      <PasswordDialog {...download.passwordDialog} />
      <PasswordDialog {...remove.passwordDialog} />
    </>
  )
}
