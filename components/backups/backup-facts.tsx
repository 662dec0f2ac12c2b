'use client'

import { useTranslations } from 'next-intl'
import type { ReactNode } from 'react'
import { TimeStamp } from '@/components/format/time-stamp'
import { useFormatters } from '@/components/format/use-formatters'
import { Card, CardBody, CardHeader } from '@/components/ui/card'
import type { BackupView } from '@/lib/backup/backup-view'
import { EncryptionBadge } from './backup-badges'
import { requesterOf } from './requester'

/** What the manifest and the catalogue say of a backup. */
export function BackupFacts({ backup }: { backup: BackupView }) {
  const t = useTranslations('backups')
  const format = useFormatters()
  const { manifest, trial } = backup
  const mono = (text: string) => <span className="break-all font-mono text-xs">{text}</span>
  const facts: [string, ReactNode][] = [
    [t('when'), <TimeStamp key="when" iso={backup.createdAt} />],
    [t('by'), `${t(`origin.${backup.origin}`)} · ${requesterOf(backup.requestedBy)}`],
    [t('encryptionTitle'), <EncryptionBadge key="encryption" backup={backup} />],
  ]
  if (backup.fileName !== null) facts.push([t('file'), mono(backup.fileName)])
  if (backup.sizeBytes !== null) facts.push([t('size'), format.bytes(backup.sizeBytes)])
  if (backup.sha256 !== null) facts.push(['SHA-256', mono(backup.sha256)])
  if (manifest) {
    const { database, files, app } = manifest
    facts.push(
      [t('app'), `${app.name} ${app.version}`],
      [t('database'), `${t(`engine.${database.engine}`)} ${database.version}`],
      [t('format'), database.format === 'sqlite' ? t('formatName.sqlite') : `${t(`formatName.${database.format}`)}. ${database.reason}`],
      [t('schemaVersion'), mono(database.schemaMigrations.at(-1) ?? '–')],
      [t('files'), t('filesFact', { count: files.count, size: format.bytes(files.sizeBytes) })],
      [t('fileKey'), mono(files.keyFingerprint)],
      [t('environment'), t(manifest.environment ? 'yes' : 'no')],
    )
  }
  if (trial) {
    facts.push([t('triedAt'), <TimeStamp key="tried" iso={trial.at} />])
    if (trial.status === 'passed')
      facts.push([
        t('tried'),
        t('triedFact', {
          tables: trial.tables,
          rows: format.number(trial.rows),
          files: trial.filesOpened,
          time: format.duration(trial.elapsedMs),
        }),
      ])
  }
  return (
    <Card aria-labelledby="backup-facts">
      <CardHeader title={t('facts')} titleId="backup-facts" />
      <CardBody>
        <dl className="grid gap-x-4 gap-y-1.5 text-sm max-sm:gap-y-0.5 sm:grid-cols-[auto_minmax(0,1fr)]">
          {facts.map(([name, value]) => (
            <div key={name} className="contents">
              <dt className="text-ink-faint">{name}</dt>
              <dd className="tabular min-w-0 break-words max-sm:mb-2">{value}</dd>
            </div>
          ))}
        </dl>
      </CardBody>
    </Card>
  )
}
