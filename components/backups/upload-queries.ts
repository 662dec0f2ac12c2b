import { mutationOptions, type QueryClient, queryOptions } from '@tanstack/react-query'
import { z } from 'zod'
import { fetchJson } from '@/components/api/fetch-json'
import { backupViewSchema } from '@/lib/backup/backup-view'
import { pieceBytes, type UploadView, uploadViewSchema } from '@/lib/backup/foreign/upload-view'
import { rightsSchema } from '@/lib/backup/permissions-view'
import { jobViewSchema } from '@/lib/jobs/job'
import { backupKeys, refreshBackups } from './backup-queries'

const root = '/api/backups/uploads'
const answerSchema = z.object({ upload: uploadViewSchema })
const uploadKey = [...backupKeys.all, 'uploads'] as const
/** A piece that does not arrive is sent again so often, later each time. */
const attempts = 4

/** Archives from elsewhere that have begun to arrive. */
export function uploadsQuery() {
  return queryOptions({
    queryKey: uploadKey,
    queryFn: ({ signal }) => fetchJson(root, z.object({ uploads: z.array(uploadViewSchema) }), { signal }),
    select: (answer) => answer.uploads,
  })
}

/** Announces an archive; the server may want the password first. */
export function startUpload({ name, sizeBytes }: { name: string; sizeBytes: number }) {
  return fetchJson(root, answerSchema, { method: 'POST', body: { name, sizeBytes } })
}

/** Sends a file from where the upload stands, piece by piece; a piece that breaks is sent again. @throws ApiError, or the signal's reason */
export async function sendPieces(
  { id, receivedBytes }: UploadView,
  file: Blob,
  onProgress: (receivedBytes: number) => void,
  signal: AbortSignal,
): Promise<void> {
  let offset = receivedBytes
  for (let failures = 0; offset < file.size; ) {
    signal.throwIfAborted()
    try {
      const piece = file.slice(offset, offset + pieceBytes)
      const { upload } = await fetchJson(`${root}/${id}?offset=${offset}`, answerSchema, { method: 'PUT', form: piece, signal })
      offset = upload.receivedBytes
      failures = 0
      onProgress(offset)
    } catch (error) {
      signal.throwIfAborted()
      failures += 1
      if (failures >= attempts) throw error
      await new Promise((resolve) => setTimeout(resolve, 500 * 2 ** failures))
      offset = (await fetchJson(`${root}/${id}`, answerSchema, { signal })).upload.receivedBytes
    }
  }
}

export function removeUploadMutation(queryClient: QueryClient) {
  return mutationOptions({
    mutationFn: (id: string) => fetchJson(`${root}/${id}`, z.object({ removed: z.string() }), { method: 'DELETE' }),
    onSettled: () => refreshBackups(queryClient),
  })
}

/** Queues the check of an archive that has arrived. */
export function checkUploadMutation(queryClient: QueryClient) {
  return mutationOptions({
    mutationFn: ({ id, key }: { id: string; key: string | null }) =>
      fetchJson(`${root}/${id}/check`, z.object({ job: jobViewSchema }), { method: 'POST', body: { key } }),
    onSettled: () => refreshBackups(queryClient),
  })
}

/** Says that an archive from elsewhere may be used; the server may want the password first. */
export function trustBackup(id: string) {
  return fetchJson(`/api/backups/${encodeURIComponent(id)}/trust`, z.object({ backup: backupViewSchema }), {
    method: 'POST',
    body: { confirmation: 'TRUST' },
  })
}

const moveKey = [...backupKeys.all, 'move'] as const

/** The fingerprint of this server's key, and the rights of the app's files. */
export function moveFactsQuery() {
  return queryOptions({
    queryKey: moveKey,
    queryFn: ({ signal }) => fetchJson('/api/backups/move', z.object({ keyFingerprint: z.string(), rights: rightsSchema }), { signal }),
  })
}

export function setRightsMutation(queryClient: QueryClient) {
  return mutationOptions({
    mutationFn: () =>
      fetchJson('/api/backups/move/permissions', z.object({ changed: z.number(), rights: rightsSchema }), { method: 'POST' }),
    onSettled: () => queryClient.invalidateQueries({ queryKey: moveKey }),
  })
}
