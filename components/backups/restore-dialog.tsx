'use client'

import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { ErrorPanel } from '@/components/api/error-panel'
import { useFormatters } from '@/components/format/use-formatters'
import { TypedDialog } from '@/components/jobs/typed-dialog'
import { useWithPassword } from '@/components/jobs/use-with-password'
import { Callout } from '@/components/ui/callout'
import { Field } from '@/components/ui/field'
import { Input } from '@/components/ui/input'
import { RadioCards, type RadioCardsProps } from '@/components/ui/radio-cards'
import { SkeletonBlock } from '@/components/ui/skeleton'
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from '@/components/ui/table'
import type { BackupView } from '@/lib/backup/backup-view'
import type { RestoreParts, RestorePreview } from '@/lib/backup/restore-plan'
import { refreshBackups, restorePreviewQuery, startRestore } from './backup-queries'

export interface RestoreDialogProps {
  backup: BackupView
  open: boolean
  onOpenChange: (open: boolean) => void
}

/** No destination has this for its id. */
const nearest = ''
const names = { sqlite: 'SQLite', postgresql: 'PostgreSQL' } as const

/** What a restore would change, what of it is wanted, and the word that starts it. */
export function RestoreDialog({ backup, open, onOpenChange }: RestoreDialogProps) {
  const t = useTranslations('backups.restore')
  const format = useFormatters()
  const queryClient = useQueryClient()
  const preview = useQuery({ ...restorePreviewQuery(backup.id), enabled: open })
  const [chosen, setChosen] = useState<RestoreParts>('all')
  const [key, setKey] = useState('')
  const [place, setPlace] = useState(nearest)
  const change = (next: boolean) => {
    setKey('')
    onOpenChange(next)
  }
  const start = useWithPassword({
    mutationFn: startRestore,
    onSuccess: () => {
      void refreshBackups(queryClient)
      change(false)
    },
  })
  const offered = preview.data?.parts ?? []
  const parts = offered.includes(chosen) ? chosen : (offered[0] ?? 'all')
  const needsKey = preview.data?.keyKnown === false
  return (
    <TypedDialog
      open={open}
      onOpenChange={change}
      className="max-w-xl"
      hasChoices
      title={t('title')}
      description={t('body', { when: format.dateTime(backup.createdAt) })}
      word={preview.data?.unknownMigration === null ? 'RESTORE' : null}
      isReady={!needsKey || key !== ''}
      submitLabel={t('submit')}
      variant="danger"
      action={start}
      onSubmit={() => start.mutate({ id: backup.id, parts, key: needsKey ? key : null, from: place === nearest ? null : place })}
    >
      {preview.isPending ? <SkeletonBlock label={t('loading')} rows={4} /> : null}
      {preview.error ? <ErrorPanel error={preview.error} /> : null}
      {preview.data ? (
        <p className="text-ink-soft text-sm">
          {t('source', {
            app: preview.data.appVersion,
            engine: `${names[preview.data.archiveEngine]} ${preview.data.archiveEngineVersion}`,
            count: preview.data.filesInArchive,
          })}
        </p>
      ) : null}
      {preview.data && preview.data.unknownMigration !== null ? (
        <Callout tone="danger" title={t('newer', { app: preview.data.appVersion })}>
          {t('newerBody', { migration: preview.data.unknownMigration })}
        </Callout>
      ) : null}
      {preview.data?.unknownMigration === null ? (
        <>
          {preview.data.tested ? null : <Callout tone="warning" title={t('notTested')} />}
          {preview.data.fileKeyMatches ? null : <Callout tone="warning" title={t('otherFileKey')} />}
          <EngineNotice preview={preview.data} />
          {preview.data.schemaMigrationsDue.length > 0 ? (
            <Callout tone="info" title={t('due', { count: preview.data.schemaMigrationsDue.length })} />
          ) : null}
          <Choice
            label={t('parts')}
            value={parts}
            onChange={setChosen}
            items={offered.map((value) => ({ value, label: t(`kinds.${value}.label`), description: t(`kinds.${value}.body`) }))}
          />
          <PlaceChoice backup={backup} value={place} onChange={setPlace} />
          {parts === 'files' ? null : <Changes preview={preview.data} />}
          {needsKey ? (
            <Field label={t('key')} description={t('keyBody')}>
              <Input type="password" autoComplete="off" value={key} onValueChange={(next: string) => setKey(next)} />
            </Field>
          ) : null}
        </>
      ) : null}
    </TypedDialog>
  )
}

/** A choice under its name. */
function Choice<T extends string>(props: RadioCardsProps<T>) {
  return (
    <div>
      <p aria-hidden className="mb-1.5 font-medium text-sm">
        {props.label}
      </p>
      <RadioCards {...props} />
    </div>
  )
}

/** Which of several copies is read; nothing where there is one. */
function PlaceChoice({ backup, value, onChange }: { backup: BackupView; value: string; onChange: (next: string) => void }) {
  const t = useTranslations('backups.restore')
  const copies = backup.copies.filter(({ status }) => status === 'uploaded')
  if (copies.length + Number(backup.present) < 2) return null
  const here = { value: nearest, label: t(backup.present ? 'fromHere' : 'fromNearest') }
  return (
    <Choice
      label={t('from')}
      value={value}
      onChange={onChange}
      items={[here, ...copies.map(({ destinationId, name }) => ({ value: destinationId, label: name ?? destinationId }))]}
    />
  )
}

/** What it means that archive and app are of two engines; and on PostgreSQL, where the present goes. */
function EngineNotice({ preview }: { preview: RestorePreview }) {
  const t = useTranslations('backups.restore')
  const { archiveEngine, presentEngine } = preview
  if (archiveEngine !== presentEngine)
    return (
      <Callout tone="info" title={t('acrossEngines', { archive: names[archiveEngine], present: names[presentEngine] })}>
        {t(`acrossEnginesBody.${presentEngine}`)}
      </Callout>
    )
  return presentEngine === 'postgresql' ? <p className="text-ink-soft text-sm">{t('setAside')}</p> : null
}

/** Tables whose number of rows would be another one. */
function Changes({ preview }: { preview: RestorePreview }) {
  const t = useTranslations('backups')
  const format = useFormatters()
  const changed = preview.tables.filter(({ archiveRows, presentRows }) => archiveRows !== presentRows)
  if (changed.length === 0) return <p className="text-ink-soft text-sm">{t('restore.same')}</p>
  const figure = (rows: number | null) => (rows === null ? '–' : format.number(rows))
  return (
    <div className="max-h-56 overflow-y-auto rounded-lg border border-line">
      <Table label={t('tables')}>
        <TableHead>
          <tr>
            <TableHeader>{t('table')}</TableHeader>
            <TableHeader className="text-right">{t('restore.now')}</TableHeader>
            <TableHeader className="text-right">{t('restore.archive')}</TableHeader>
            <TableHeader className="text-right">{t('restore.change')}</TableHeader>
          </tr>
        </TableHead>
        <TableBody>
          {changed.map(({ table, archiveRows, presentRows }) => (
            <TableRow key={table}>
              <TableCell className="font-mono text-xs">{table}</TableCell>
              <TableCell className="tabular text-right">{figure(presentRows)}</TableCell>
              <TableCell className="tabular text-right">{figure(archiveRows)}</TableCell>
              <TableCell className="tabular text-right">{format.signed((archiveRows ?? 0) - (presentRows ?? 0))}</TableCell>
            </TableRow>
          ))}
        </TableBody>
      </Table>
    </div>
  )
}
