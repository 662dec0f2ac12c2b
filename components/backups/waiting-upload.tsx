'use client'

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { ShieldCheck, Trash2 } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { ErrorPanel } from '@/components/api/error-panel'
import { useFormatters } from '@/components/format/use-formatters'
import { Button } from '@/components/ui/button'
import { Field } from '@/components/ui/field'
import { Input } from '@/components/ui/input'
import type { UploadView } from '@/lib/backup/foreign/upload-view'
import { checkUploadMutation, removeUploadMutation } from './upload-queries'

/** An upload that is not being sent: broken off, or received and waiting to be checked. */
export function WaitingUpload({ upload }: { upload: UploadView }) {
  const t = useTranslations('backups.uploads')
  const format = useFormatters()
  const queryClient = useQueryClient()
  const [key, setKey] = useState('')
  const check = useMutation(checkUploadMutation(queryClient))
  const remove = useMutation(removeUploadMutation(queryClient))
  const isWhole = upload.receivedBytes === upload.sizeBytes
  const amounts = { done: format.bytes(upload.receivedBytes), total: format.bytes(upload.sizeBytes) }
  return (
    <li className="flex flex-col gap-3 rounded-lg border border-line p-3">
      <div>
        <p className="break-all font-medium text-sm">{upload.name}</p>
        <p className="tabular text-ink-faint text-xs">
          {isWhole ? `${t('waiting')} · ${amounts.total}` : `${t('stopped', amounts)}. ${t('stoppedBody')}`}
        </p>
      </div>
      {isWhole ? (
        <Field label={t('key')} description={t('keyBody')}>
          <Input type="password" autoComplete="off" value={key} onValueChange={(next: string) => setKey(next)} />
        </Field>
      ) : null}
      <div className="flex flex-wrap gap-2">
        {isWhole ? (
          <Button
            variant="primary"
            pending={check.isPending}
            onClick={() => check.mutate({ id: upload.id, key: key === '' ? null : key })}
            icon={<ShieldCheck aria-hidden />}
          >
            {t('check')}
          </Button>
        ) : null}
        <Button pending={remove.isPending} onClick={() => remove.mutate(upload.id)} icon={<Trash2 aria-hidden />}>
          {t('discard')}
        </Button>
      </div>
      {check.error ? <ErrorPanel error={check.error} announce /> : null}
      {remove.error ? <ErrorPanel error={remove.error} announce /> : null}
    </li>
  )
}
