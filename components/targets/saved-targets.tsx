'use client'

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Database, PlugZap, Trash2 } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { ErrorPanel } from '@/components/api/error-panel'
import { TimeStamp } from '@/components/format/time-stamp'
import { PasswordDialog } from '@/components/jobs/password-dialog'
import { useWithPassword } from '@/components/jobs/use-with-password'
import { testTargetMutation } from '@/components/migration/migration-queries'
import { TargetChecks } from '@/components/migration/target-checks'
import { AlertDialog } from '@/components/ui/alert-dialog'
import { Button, LinkButton } from '@/components/ui/button'
import { Card, CardBody, CardHeader } from '@/components/ui/card'
import { EmptyState } from '@/components/ui/empty-state'
import { SkeletonBlock } from '@/components/ui/skeleton'
import { requestRemoval, type SavedTarget, savedTargetsQuery, targetKeys } from './target-queries'

/** The targets that are kept: by name and label, tested or forgotten from here. */
export function SavedTargets({ withLink = false }: { withLink?: boolean }) {
  const t = useTranslations('targets.saved')
  const saved = useQuery(savedTargetsQuery())
  return (
    <Card aria-labelledby="saved-targets" className="overflow-hidden">
      <CardHeader
        title={t('title')}
        titleId="saved-targets"
        description={t('description')}
        actions={withLink ? <LinkButton href="/admin/targets">{t('add')}</LinkButton> : undefined}
      />
      {saved.isPending ? (
        <CardBody>
          <SkeletonBlock label={t('title')} rows={2} />
        </CardBody>
      ) : null}
      {saved.error && !saved.data ? (
        <CardBody>
          <ErrorPanel error={saved.error} onRetry={() => void saved.refetch()} />
        </CardBody>
      ) : null}
      {saved.data?.length === 0 ? (
        <EmptyState icon={<Database />} title={t('none')} className="py-8">
          {t('noneBody')}
        </EmptyState>
      ) : null}
      <ul>
        {saved.data?.map((target) => (
          <SavedLine key={target.id} target={target} />
        ))}
      </ul>
    </Card>
  )
}

function SavedLine({ target }: { target: SavedTarget }) {
  const t = useTranslations('targets.saved')
  const common = useTranslations('common')
  const queryClient = useQueryClient()
  const [asks, setAsks] = useState(false)
  const test = useMutation(testTargetMutation())
  const remove = useWithPassword({
    mutationFn: requestRemoval,
    onSuccess: async () => {
      await queryClient.invalidateQueries({ queryKey: targetKeys.saved })
    },
  })
  return (
    <li className="flex flex-col gap-3 border-line border-t px-4 py-3 text-sm sm:px-5">
      <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
        <div className="min-w-0 flex-1 basis-56">
          <p className="break-words font-medium">{target.name}</p>
          <p className="break-all font-mono text-ink-soft text-xs">{target.label}</p>
          <p className="text-ink-faint text-xs">
            {t.rich('by', { who: target.createdBy, when: () => <TimeStamp iso={target.createdAt} relative /> })}
          </p>
        </div>
        <Button
          size="small"
          pending={test.isPending}
          icon={<PlugZap aria-hidden />}
          aria-label={t('testNamed', { name: target.name })}
          onClick={() => test.mutate({ from: 'saved', id: target.id })}
        >
          {t('test')}
        </Button>
        <Button
          size="small"
          pending={remove.isPending}
          icon={<Trash2 aria-hidden />}
          aria-label={t('removeNamed', { name: target.name })}
          onClick={() => setAsks(true)}
        >
          {t('remove')}
        </Button>
      </div>
      {test.error ? <ErrorPanel error={test.error} announce /> : null}
      {test.data ? <TargetChecks inspection={test.data} /> : null}
      {remove.error ? <ErrorPanel error={remove.error} announce /> : null}
      <AlertDialog
        open={asks}
        onOpenChange={setAsks}
        title={t('removeTitle', { name: target.name })}
        description={t('removeBody')}
        footer={
          <>
            <Button
              variant="danger"
              onClick={() => {
                setAsks(false)
                remove.mutate(target.id)
              }}
            >
              {t('remove')}
            </Button>
            <Button onClick={() => setAsks(false)}>{common('cancel')}</Button>
          </>
        }
      />
      <PasswordDialog {...remove.passwordDialog} />
    </li>
  )
}
