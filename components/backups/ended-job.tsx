'use client'

import { useTranslations } from 'next-intl'
import { z } from 'zod'
import { JobError } from '@/components/jobs/job-error'
import { LinkButton } from '@/components/ui/button'
import { Callout } from '@/components/ui/callout'
import type { JobView } from '@/lib/jobs/job'

const restoredSchema = z.object({ safetyBackupId: z.string(), filesPutBack: z.number(), setAside: z.string().nullable() })
const importedSchema = z.object({ backupId: z.string(), outcome: z.enum(['foreign', 'returned', 'known']) })

/** How a job about backups ended, where it matters to whoever waited for it: why it failed, or what can be done next. */
export function EndedJob({ job }: { job: JobView }) {
  if (job.error !== null) return job.status === 'cancelled' ? null : <JobError job={job} />
  if (job.kind === 'restore') return <Restored result={job.result} />
  if (job.kind === 'import') return <Imported result={job.result} />
  return null
}

function Restored({ result }: { result: unknown }) {
  const t = useTranslations('backups.ended')
  const parsed = restoredSchema.safeParse(result)
  if (!parsed.success) return null
  const { safetyBackupId, filesPutBack, setAside } = parsed.data
  return (
    <Callout
      tone="success"
      live="status"
      title={t('restored')}
      actions={<LinkButton href={`/admin/backups/${safetyBackupId}?restore`}>{t('undo')}</LinkButton>}
    >
      {t('restoredBody', { count: filesPutBack })} {setAside === null ? null : t('setAside', { schema: setAside })}
    </Callout>
  )
}

function Imported({ result }: { result: unknown }) {
  const t = useTranslations('backups.ended')
  const parsed = importedSchema.safeParse(result)
  if (!parsed.success) return null
  const { backupId, outcome } = parsed.data
  return (
    <Callout
      tone={outcome === 'foreign' ? 'info' : 'success'}
      live="status"
      title={t(`imported.${outcome}`)}
      actions={<LinkButton href={`/admin/backups/${backupId}`}>{t('openArchive')}</LinkButton>}
    >
      {outcome === 'foreign' ? t('foreignBody') : null}
    </Callout>
  )
}
