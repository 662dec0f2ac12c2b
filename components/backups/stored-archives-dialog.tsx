'use client'

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { DownloadCloud } from 'lucide-react'
import Link from 'next/link'
import { useRouter } from 'next/navigation'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { ErrorPanel } from '@/components/api/error-panel'
import { useFormatters } from '@/components/format/use-formatters'
import { Button } from '@/components/ui/button'
import { Dialog } from '@/components/ui/dialog'
import { Field } from '@/components/ui/field'
import { Input } from '@/components/ui/input'
import { SkeletonBlock } from '@/components/ui/skeleton'
import type { DestinationView } from '@/lib/backup/destinations/destination'
import { fetchArchiveMutation, storedArchivesQuery } from './destination-queries'

/** The archives at a destination; one that is not in the list can be fetched from there. */
export function StoredArchivesDialog({ destination, onClose }: { destination: DestinationView; onClose: () => void }) {
  const t = useTranslations('backups.destinations.there')
  const uploads = useTranslations('backups.uploads')
  const common = useTranslations('common')
  const format = useFormatters()
  const router = useRouter()
  const [key, setKey] = useState('')
  const { data, error, refetch } = useQuery(storedArchivesQuery(destination.id))
  const take = useMutation({ ...fetchArchiveMutation(useQueryClient()), onSuccess: () => router.push('/admin/backups') })
  const unknown = data?.some(({ backupId }) => backupId === null) ?? false
  return (
    <Dialog
      open
      onOpenChange={(open) => {
        if (!open) onClose()
      }}
      title={t('title', { name: destination.name })}
      description={t('body')}
      closeLabel={common('close')}
    >
      <div className="flex flex-col gap-4">
        {error && !data ? <ErrorPanel error={error} onRetry={() => void refetch()} announce /> : null}
        {!data && !error ? <SkeletonBlock label={t('loading')} rows={3} /> : null}
        {take.error ? <ErrorPanel error={take.error} announce /> : null}
        {data?.length === 0 ? <p className="text-ink-soft text-sm">{t('none')}</p> : null}
        {unknown ? (
          <Field label={uploads('key')} description={uploads('keyBody')}>
            <Input type="password" autoComplete="off" value={key} onValueChange={(next: string) => setKey(next)} />
          </Field>
        ) : null}
        {data && data.length > 0 ? (
          <ul className="flex flex-col divide-y divide-line">
            {data.map((archive) => (
              <li key={archive.key} className="flex flex-wrap items-center justify-between gap-2 py-2">
                <span className="min-w-0">
                  <span className="block break-all font-mono text-xs">{archive.key}</span>
                  <span className="tabular text-ink-faint text-xs">{format.bytes(archive.sizeBytes)}</span>
                </span>
                {archive.backupId === null ? (
                  <Button
                    size="small"
                    pending={take.isPending && take.variables.key === archive.key}
                    onClick={() => take.mutate({ id: destination.id, key: archive.key, typedKey: key === '' ? null : key })}
                    icon={<DownloadCloud aria-hidden />}
                  >
                    {t('fetch')}
                  </Button>
                ) : (
                  <Link
                    href={`/admin/backups/${archive.backupId}`}
                    className="rounded text-info-ink text-sm underline-offset-4 hover:underline"
                  >
                    {t('known')}
                  </Link>
                )}
              </li>
            ))}
          </ul>
        ) : null}
      </div>
    </Dialog>
  )
}
