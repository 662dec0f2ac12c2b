import { mutationOptions, type QueryClient, queryOptions } from '@tanstack/react-query'
import { z } from 'zod'
import { fetchJson } from '@/components/api/fetch-json'
import { refreshJobs } from '@/components/jobs/job-queries'
import { archiveEncryptionSchema, backupViewSchema, pastBackupSchema } from '@/lib/backup/backup-view'
import { recoverabilitySchema } from '@/lib/backup/could-recover'
import { type RestoreParts, restorePreviewSchema } from '@/lib/backup/restore-plan'
import { keepReasons, type Retention, retentionSchema } from '@/lib/backup/retention'
import { jobViewSchema } from '@/lib/jobs/job'

export const backupKeys = {
  all: ['backups'] as const,
  list: ['backups', 'list'] as const,
  detail: (id: string) => ['backups', 'detail', id] as const,
  recoverability: ['backups', 'recoverability'] as const,
  retention: ['backups', 'retention'] as const,
  preview: (id: string) => ['backups', 'preview', id] as const,
}

const keysSchema = z.object({ policy: archiveEncryptionSchema, changedAt: z.iso.datetime().nullable() })
const listSchema = z.object({ backups: z.array(backupViewSchema), past: z.array(pastBackupSchema), keys: keysSchema, folder: z.string() })
const rulesSchema = z.object({ rules: retentionSchema.nullable() })
const jobAnswerSchema = z.object({ job: jobViewSchema })
const backupAnswerSchema = z.object({ backup: backupViewSchema })
export type BackupList = z.infer<typeof listSchema>

/** How backups are to be encrypted, as POST /api/backups/encryption takes it. */
export type EncryptionChoice =
  | { kind: 'none' }
  | { kind: 'passphrase'; passphrase: string }
  | { kind: 'recipients'; recipients: readonly string[] }

/** All backups, newest first, and the policy of encryption. */
export function backupsQuery() {
  return queryOptions({
    queryKey: backupKeys.list,
    queryFn: ({ signal }) => fetchJson('/api/backups', listSchema, { signal }),
  })
}

export function backupQuery(id: string) {
  return queryOptions({
    queryKey: backupKeys.detail(id),
    queryFn: ({ signal }) => fetchJson(`/api/backups/${encodeURIComponent(id)}`, backupAnswerSchema, { signal }),
    select: (answer) => answer.backup,
  })
}

/** "Could I recover now?" */
export function recoverabilityQuery() {
  return queryOptions({
    queryKey: backupKeys.recoverability,
    queryFn: ({ signal }) => fetchJson('/api/backups/recoverability', recoverabilitySchema, { signal }),
    refetchInterval: 60_000,
  })
}

export function startBackupMutation(queryClient: QueryClient) {
  return mutationOptions({
    mutationFn: (body: { includeEnvironment: boolean; format: string }) =>
      fetchJson('/api/backups', jobAnswerSchema, { method: 'POST', body }),
    onSettled: () => refreshBackups(queryClient),
  })
}

export function startTrialMutation(queryClient: QueryClient) {
  return mutationOptions({
    mutationFn: ({ id, key, from = null }: { id: string; key: string | null; from?: string | null }) =>
      fetchJson(`${pathOf(id)}/trial`, jobAnswerSchema, { method: 'POST', body: { key, from } }),
    onSettled: () => refreshBackups(queryClient),
  })
}

export function lockMutation(queryClient: QueryClient) {
  return mutationOptions({
    mutationFn: ({ id, locked }: { id: string; locked: boolean }) =>
      fetchJson(`${pathOf(id)}/lock`, backupAnswerSchema, { method: 'POST', body: { locked } }),
    onSettled: () => refreshBackups(queryClient),
  })
}

/** Deletes one; the server may want the password first. */
export function deleteBackup(id: string) {
  return fetchJson(pathOf(id), z.object({ deleted: z.string() }), { method: 'DELETE' })
}

/** A link for this session; the server may want the password first. */
export function requestDownload(id: string) {
  return fetchJson(`${pathOf(id)}/link`, z.object({ path: z.string(), expiresAt: z.iso.datetime() }), { method: 'POST', body: {} })
}

/** What restoring a backup would change; asked anew each time, since the app goes on writing. */
export function restorePreviewQuery(id: string) {
  return queryOptions({
    queryKey: backupKeys.preview(id),
    queryFn: ({ signal }) => fetchJson(`${pathOf(id)}/restore`, z.object({ preview: restorePreviewSchema }), { signal }),
    select: (answer) => answer.preview,
    staleTime: 0,
    gcTime: 0,
  })
}

/** Queues a restore; the server may want the password first. */
export function startRestore({ id, ...wish }: { id: string; parts: RestoreParts; key: string | null; from: string | null }) {
  return fetchJson(`${pathOf(id)}/restore`, jobAnswerSchema, { method: 'POST', body: { ...wish, confirmation: 'RESTORE' } })
}

/** Which backups are kept. */
export function retentionQuery() {
  return queryOptions({
    queryKey: backupKeys.retention,
    queryFn: ({ signal }) => fetchJson('/api/backups/retention', rulesSchema, { signal }),
  })
}

const retentionPreviewSchema = z.object({
  remove: z.array(z.string()),
  heldBack: z.boolean(),
  kept: z.array(z.object({ reason: z.enum(keepReasons), count: z.number() })),
})

/** What rules would delete now, and why the others stay. */
export function previewRetentionMutation() {
  return mutationOptions({
    mutationFn: (rules: Retention) =>
      fetchJson('/api/backups/retention/preview', retentionPreviewSchema, { method: 'POST', body: { rules } }),
  })
}

/** Sets the rules; the server may want the password first. */
export function saveRetention(body: { rules: Retention | null }) {
  return fetchJson('/api/backups/retention', rulesSchema, { method: 'POST', body })
}

export function checkKeyMutation() {
  return mutationOptions({
    mutationFn: ({ id, key }: { id: string; key: string | null }) =>
      fetchJson(`${pathOf(id)}/key-check`, z.object({ opens: z.boolean() }), { method: 'POST', body: { key } }),
  })
}

export function generateKeysMutation() {
  return mutationOptions({
    mutationFn: () =>
      fetchJson('/api/backups/encryption/generate', z.object({ passphrase: z.string(), identity: z.string(), recipient: z.string() }), {
        method: 'POST',
        body: {},
      }),
  })
}

/** Sets the policy; answers the recovery kit this once. The server may want the password first. */
export function saveEncryption(body: { encryption: EncryptionChoice; identity: string | null; locale: string }) {
  return fetchJson('/api/backups/encryption', z.object({ keys: keysSchema, kit: z.string().nullable() }), { method: 'POST', body })
}

export async function refreshBackups(queryClient: QueryClient): Promise<void> {
  await Promise.all([queryClient.invalidateQueries({ queryKey: backupKeys.all }), refreshJobs(queryClient)])
}

function pathOf(id: string): string {
  return `/api/backups/${encodeURIComponent(id)}`
}
