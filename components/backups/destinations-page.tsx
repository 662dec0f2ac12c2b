'use client'

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { CloudUpload, FlaskConical, FolderOpen, HardDrive, Pencil, Plus, Trash2 } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { PageHeader } from '@/components/admin/page-header'
import { WorkerNotice } from '@/components/admin/worker-notice'
import { ErrorPanel } from '@/components/api/error-panel'
import { PasswordDialog } from '@/components/jobs/password-dialog'
import { useWithPassword } from '@/components/jobs/use-with-password'
import { AlertDialog } from '@/components/ui/alert-dialog'
import { Badge } from '@/components/ui/badge'
import { Button } from '@/components/ui/button'
import { Card, CardBody, CardHeader } from '@/components/ui/card'
import { EmptyState } from '@/components/ui/empty-state'
import { LoadingCard } from '@/components/ui/loading-card'
import type { DestinationView } from '@/lib/backup/destinations/destination'
import { refreshBackups } from './backup-queries'
import { DestinationDialog } from './destination-dialog'
import { destinationsQuery, removeDestination, testDestinationMutation } from './destination-queries'
import { DestinationTestResult } from './destination-test'
import { StoredArchivesDialog } from './stored-archives-dialog'

/** Where copies of backups go: add, change, test, look into, remove. */
export function DestinationsPage() {
  const t = useTranslations('backups.destinations')
  const backups = useTranslations('backups')
  const { data, error, refetch } = useQuery(destinationsQuery())
  const [editing, setEditing] = useState<{ destination: DestinationView | null } | null>(null)
  const add = (
    <Button variant="primary" disabled={!data} onClick={() => setEditing({ destination: null })} icon={<Plus aria-hidden />}>
      {t('add')}
    </Button>
  )
  return (
    <>
      <PageHeader
        back={{ href: '/admin/backups', label: backups('back') }}
        title={t('title')}
        description={t('description')}
        actions={add}
      />
      <div className="flex flex-col gap-4">
        <WorkerNotice />
        {error && !data ? <ErrorPanel error={error} onRetry={() => void refetch()} /> : null}
        {!data && !error ? <LoadingCard label={t('loading')} rows={3} /> : null}
        {data?.length === 0 ? (
          <Card>
            <EmptyState icon={<CloudUpload />} title={t('none')} className="py-10">
              {t('noneBody')}
            </EmptyState>
          </Card>
        ) : null}
        {data?.map((destination) => (
          <DestinationCard key={destination.id} destination={destination} onEdit={() => setEditing({ destination })} />
        ))}
      </div>
      {editing ? <DestinationDialog destination={editing.destination} onClose={() => setEditing(null)} /> : null}
    </>
  )
}

function DestinationCard({ destination, onEdit }: { destination: DestinationView; onEdit: () => void }) {
  const t = useTranslations('backups.destinations')
  const retentionWords = useTranslations('backups.retention')
  const common = useTranslations('common')
  const queryClient = useQueryClient()
  const [dialog, setDialog] = useState<'remove' | 'archives' | null>(null)
  const test = useMutation(testDestinationMutation())
  const remove = useWithPassword({ mutationFn: removeDestination, onSuccess: () => void refreshBackups(queryClient) })
  const { id, name, place, enabled, retention } = destination
  const rules = retention
    ? (['keepLast', 'monthly'] as const)
        .filter((rule) => retention[rule] > 0)
        .map((rule) => retentionWords(`rule.${rule}`, { count: retention[rule] }))
        .join(', ')
    : null
  return (
    <Card aria-labelledby={`destination-${id}`}>
      <CardHeader
        title={
          <span className="flex flex-wrap items-center gap-2">
            {name}
            <Badge tone="neutral" icon={place.kind === 's3' ? <CloudUpload aria-hidden /> : <HardDrive aria-hidden />}>
              {t(`kind.${place.kind}`)}
            </Badge>
            <Badge tone={enabled ? 'success' : 'neutral'}>{t(enabled ? 'enabled' : 'disabled')}</Badge>
          </span>
        }
        titleId={`destination-${id}`}
        description={rules === null ? t('keepsAll') : t('keeps', { rules })}
        actions={
          <>
            <Button pending={test.isPending} onClick={() => test.mutate({ id, destination: null })} icon={<FlaskConical aria-hidden />}>
              {t('test')}
            </Button>
            <Button onClick={() => setDialog('archives')} icon={<FolderOpen aria-hidden />}>
              {t('archives')}
            </Button>
            <Button onClick={onEdit} icon={<Pencil aria-hidden />}>
              {t('edit')}
            </Button>
            <Button pending={remove.isPending} onClick={() => setDialog('remove')} icon={<Trash2 aria-hidden />}>
              {t('remove')}
            </Button>
          </>
        }
      />
      <CardBody className="flex flex-col gap-3">
        <p className="break-all font-mono text-ink-soft text-xs">
          {place.kind === 'folder' ? place.path : [place.endpoint ?? place.region, place.bucket, place.prefix].filter(Boolean).join('/')}
        </p>
        {test.error ? <ErrorPanel error={test.error} announce /> : null}
        {test.data ? <DestinationTestResult test={test.data.test} /> : null}
        {remove.error ? <ErrorPanel error={remove.error} announce /> : null}
      </CardBody>
      <AlertDialog
        open={dialog === 'remove'}
        onOpenChange={(open) => setDialog(open ? 'remove' : null)}
        title={t('removeTitle', { name })}
        description={t('removeBody')}
        footer={
          <>
            <Button
              variant="danger"
              onClick={() => {
                setDialog(null)
                remove.mutate(id)
              }}
            >
              {t('removeSubmit')}
            </Button>
            <Button onClick={() => setDialog(null)}>{common('cancel')}</Button>
          </>
        }
      />
      {dialog === 'archives' ? <StoredArchivesDialog destination={destination} onClose={() => setDialog(null)} /> : null}
      <PasswordDialog {...remove.passwordDialog} />
    </Card>
  )
}
