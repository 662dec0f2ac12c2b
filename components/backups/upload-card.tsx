'use client'

import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Pause, Upload } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { useEffect, useId, useRef, useState } from 'react'
import { ErrorPanel } from '@/components/api/error-panel'
import { useFormatters } from '@/components/format/use-formatters'
import { PasswordDialog } from '@/components/jobs/password-dialog'
import { useWithPassword } from '@/components/jobs/use-with-password'
import { Button } from '@/components/ui/button'
import { Card, CardBody, CardHeader } from '@/components/ui/card'
import { Progress } from '@/components/ui/progress'
import type { UploadView } from '@/lib/backup/foreign/upload-view'
import { refreshBackups } from './backup-queries'
import { sendPieces, startUpload, uploadsQuery } from './upload-queries'
import { WaitingUpload } from './waiting-upload'

/** An archive from elsewhere: chosen, sent in pieces that go on where they broke off, then checked. */
export function UploadCard() {
  const t = useTranslations('backups.uploads')
  const format = useFormatters()
  const queryClient = useQueryClient()
  const inputId = useId()
  const { data: uploads, error: listError, refetch } = useQuery(uploadsQuery())
  const [file, setFile] = useState<File | null>(null)
  // How many have arrived: each leaves the field as empty as it was.
  const [arrived, setArrived] = useState(0)
  const [sending, setSending] = useState<{ upload: UploadView; receivedBytes: number } | null>(null)
  const [failure, setFailure] = useState<unknown>(null)
  const stop = useRef<AbortController | null>(null)
  // A page that is left sends nothing any more; the upload waits where it stands.
  useEffect(() => () => stop.current?.abort(), [])

  const send = async (upload: UploadView, content: File) => {
    const controller = new AbortController()
    stop.current = controller
    setFailure(null)
    setSending({ upload, receivedBytes: upload.receivedBytes })
    try {
      await sendPieces(upload, content, (receivedBytes) => setSending({ upload, receivedBytes }), controller.signal)
      setFile(null)
      setArrived((count) => count + 1)
    } catch (error) {
      if (!controller.signal.aborted) setFailure(error)
    }
    setSending(null)
    await refreshBackups(queryClient)
  }
  const start = useWithPassword({
    mutationFn: startUpload,
    onSuccess: ({ upload }) => {
      if (file) void send(upload, file)
    },
  })
  // The same name and the same length: the one that broke off goes on. Whether it is the same content its sums will tell.
  const unfinished = uploads?.find(
    (upload) => upload.name === file?.name && upload.sizeBytes === file.size && upload.receivedBytes < upload.sizeBytes,
  )
  const begin = () => {
    if (!file) return
    if (unfinished) void send(unfinished, file)
    else start.mutate({ name: file.name, sizeBytes: file.size })
  }
  const amount = sending
    ? t('progress', { done: format.bytes(sending.receivedBytes), total: format.bytes(sending.upload.sizeBytes) })
    : undefined
  return (
    <Card aria-labelledby="upload-archive">
      <CardHeader title={t('title')} titleId="upload-archive" description={t('body')} />
      <CardBody className="flex flex-col gap-4">
        <div className="flex flex-wrap items-end gap-2">
          <div className="flex min-w-0 flex-1 flex-col gap-1.5">
            <label htmlFor={inputId} className="font-medium text-sm">
              {t('choose')}
            </label>
            <input
              key={arrived}
              id={inputId}
              type="file"
              accept=".gz,.age,application/gzip,application/octet-stream"
              disabled={sending !== null}
              onChange={(event) => setFile(event.target.files?.[0] ?? null)}
              className="min-w-0 max-w-full rounded-md border border-control bg-surface p-0.5 text-sm max-md:h-10 max-md:p-1.5 md:h-8 file:mr-3 file:rounded file:border-0 file:bg-sunken file:px-3 file:py-0.5 file:text-ink"
            />
          </div>
          {sending ? (
            <Button onClick={() => stop.current?.abort()} icon={<Pause aria-hidden />}>
              {t('pause')}
            </Button>
          ) : (
            <Button variant="primary" disabled={!file} pending={start.isPending} onClick={begin} icon={<Upload aria-hidden />}>
              {t(unfinished ? 'goOn' : 'start')}
            </Button>
          )}
        </div>
        {sending ? (
          <div>
            <p className="tabular mb-1.5 text-ink-soft text-sm">{amount}</p>
            <Progress value={sending.receivedBytes / sending.upload.sizeBytes} label={t('title')} valueText={amount ?? ''} tone="primary" />
          </div>
        ) : null}
        {start.error ? <ErrorPanel error={start.error} announce /> : null}
        {failure ? <ErrorPanel error={failure} announce /> : null}
        {listError && !uploads ? <ErrorPanel error={listError} onRetry={() => void refetch()} /> : null}
        {uploads && uploads.length > 0 ? (
          <ul aria-label={t('received')} className="flex flex-col gap-3">
            {uploads
              .filter(({ id }) => id !== sending?.upload.id)
              .map((upload) => (
                <WaitingUpload key={upload.id} upload={upload} />
              ))}
          </ul>
        ) : null}
      </CardBody>
      <PasswordDialog {...start.passwordDialog} />
    </Card>
  )
}
