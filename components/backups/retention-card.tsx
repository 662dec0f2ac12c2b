'use client'

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { ErrorPanel } from '@/components/api/error-panel'
import { TimeStamp } from '@/components/format/time-stamp'
import { PasswordDialog } from '@/components/jobs/password-dialog'
import { useWithPassword } from '@/components/jobs/use-with-password'
import { Button } from '@/components/ui/button'
import { Callout } from '@/components/ui/callout'
import { Card, CardBody, CardHeader } from '@/components/ui/card'
import { Field } from '@/components/ui/field'
import { Input } from '@/components/ui/input'
import { SkeletonBlock } from '@/components/ui/skeleton'
import type { BackupView } from '@/lib/backup/backup-view'
import { defaultRetention, type Retention, retentionSchema } from '@/lib/backup/retention'
import { previewRetentionMutation, refreshBackups, retentionQuery, saveRetention } from './backup-queries'

const fields = ['keepLast', 'keepDays', 'daily', 'weekly', 'monthly'] as const

/** Which backups are kept, and, before that is set, what would go. */
export function RetentionCard({ backups }: { backups: readonly BackupView[] }) {
  const t = useTranslations('backups.retention')
  const { data, error, refetch } = useQuery(retentionQuery())
  const [isEditing, setIsEditing] = useState(false)
  return (
    <Card aria-labelledby="retention">
      <CardHeader
        title={t('title')}
        titleId="retention"
        description={t('body')}
        actions={data && !isEditing ? <Button onClick={() => setIsEditing(true)}>{t('change')}</Button> : undefined}
      />
      <CardBody>
        {error ? <ErrorPanel error={error} onRetry={() => void refetch()} /> : null}
        {!data && !error ? <SkeletonBlock label={t('title')} rows={1} /> : null}
        {data && !isEditing ? <p className="text-sm">{data.rules === null ? t('everything') : <Rules rules={data.rules} />}</p> : null}
        {data && isEditing ? <RetentionForm rules={data.rules} backups={backups} onDone={() => setIsEditing(false)} /> : null}
      </CardBody>
    </Card>
  )
}

function Rules({ rules }: { rules: Retention }) {
  const t = useTranslations('backups.retention')
  const used = fields.filter((field) => rules[field] > 0)
  return used.map((field, index) => `${index === 0 ? '' : ' · '}${t(`rule.${field}`, { count: rules[field] })}`).join('')
}

function RetentionForm({ rules, backups, onDone }: { rules: Retention | null; backups: readonly BackupView[]; onDone: () => void }) {
  const t = useTranslations('backups.retention')
  const common = useTranslations('common')
  const queryClient = useQueryClient()
  const [texts, setTexts] = useState<Record<keyof Retention, string>>(() => toTexts(rules ?? defaultRetention))
  const parsed = retentionSchema.safeParse(
    Object.fromEntries(fields.map((field) => [field, /^\d+$/.test(texts[field]) ? Number(texts[field]) : Number.NaN])),
  )
  const preview = useMutation(previewRetentionMutation())
  const save = useWithPassword({
    mutationFn: saveRetention,
    onSuccess: () => {
      void refreshBackups(queryClient)
      onDone()
    },
  })
  const going = preview.data?.remove ?? []
  const wrong = new Set(parsed.error?.issues.map((issue) => issue.path[0]))
  return (
    <form
      className="flex flex-col gap-4"
      onSubmit={(event) => {
        event.preventDefault()
        if (parsed.success) save.mutate({ rules: parsed.data })
      }}
    >
      <div className="grid gap-3 sm:grid-cols-3 lg:grid-cols-5">
        {fields.map((field) => (
          <Field key={field} label={t(`field.${field}`)} error={wrong.has(field) ? t('number') : undefined}>
            <Input
              inputMode="numeric"
              value={texts[field]}
              onValueChange={(next: string) => {
                setTexts((before) => ({ ...before, [field]: next.trim() }))
                preview.reset()
              }}
            />
          </Field>
        ))}
      </div>
      <p className="text-ink-faint text-xs">{t('never')}</p>
      {preview.data ? (
        <Callout tone={going.length > 0 ? 'warning' : 'info'} title={t('goes', { count: going.length })} live="status">
          {preview.data.heldBack ? <p>{t('heldBack')}</p> : null}
          {going.length > 0 ? (
            <ul className="flex flex-wrap gap-x-4">
              {backups
                .filter((backup) => going.includes(backup.id))
                .map((backup) => (
                  <li key={backup.id}>
                    <TimeStamp iso={backup.createdAt} />
                  </li>
                ))}
            </ul>
          ) : null}
          {preview.data.kept.length > 0 ? (
            <>
              <p className="mt-2 font-medium">{t('stays')}</p>
              <ul className="list-disc pl-5">
                {preview.data.kept.map(({ reason, count }) => (
                  <li key={reason}>{t(`reason.${reason}`, { count })}</li>
                ))}
              </ul>
            </>
          ) : null}
        </Callout>
      ) : null}
      {preview.error ? <ErrorPanel error={preview.error} announce /> : null}
      {save.error ? <ErrorPanel error={save.error} announce /> : null}
      <div className="flex flex-wrap gap-2">
        <Button disabled={!parsed.success} pending={preview.isPending} onClick={() => parsed.success && preview.mutate(parsed.data)}>
          {t('preview')}
        </Button>
        <Button type="submit" variant="primary" disabled={!parsed.success} pending={save.isPending}>
          {t('save')}
        </Button>
        {rules === null ? null : (
          <Button pending={save.isPending} onClick={() => save.mutate({ rules: null })}>
            {t('keepAll')}
          </Button>
        )}
        <Button variant="quiet" onClick={onDone}>
          {common('cancel')}
        </Button>
      </div>
      <PasswordDialog {...save.passwordDialog} />
    </form>
  )
}

function toTexts(rules: Retention): Record<keyof Retention, string> {
  const { keepLast, keepDays, daily, weekly, monthly } = rules
  return { keepLast: String(keepLast), keepDays: String(keepDays), daily: String(daily), weekly: String(weekly), monthly: String(monthly) }
}
