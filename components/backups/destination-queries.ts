import { mutationOptions, type QueryClient, queryOptions } from '@tanstack/react-query'
import { z } from 'zod'
import { fetchJson } from '@/components/api/fetch-json'
import {
  type DestinationInput,
  destinationTestSchema,
  destinationViewSchema,
  storedArchiveSchema,
} from '@/lib/backup/destinations/destination'
import { jobViewSchema } from '@/lib/jobs/job'
import { backupKeys, refreshBackups } from './backup-queries'

const keys = {
  all: [...backupKeys.all, 'destinations'] as const,
  archives: (id: string) => [...backupKeys.all, 'destinations', id, 'archives'] as const,
}
const root = '/api/backups/destinations'
const jobAnswerSchema = z.object({ job: jobViewSchema })
const archivesSchema = z.object({ archives: z.array(storedArchiveSchema.extend({ backupId: z.string().nullable() })) })

/** Where copies of backups go. */
export function destinationsQuery() {
  return queryOptions({
    queryKey: keys.all,
    queryFn: ({ signal }) => fetchJson(root, z.object({ destinations: z.array(destinationViewSchema) }), { signal }),
    select: (answer) => answer.destinations,
  })
}

/** What lies at a destination; asked anew each time. */
export function storedArchivesQuery(id: string) {
  return queryOptions({
    queryKey: keys.archives(id),
    queryFn: ({ signal }) => fetchJson(`${root}/${encodeURIComponent(id)}/archives`, archivesSchema, { signal }),
    select: (answer) => answer.archives,
    staleTime: 0,
    gcTime: 0,
    retry: false,
  })
}

/** Adds a destination or changes one; the server may want the password first. */
export function saveDestination({ id, input }: { id: string | null; input: DestinationInput }) {
  const path = id === null ? root : `${root}/${encodeURIComponent(id)}`
  return fetchJson(path, z.object({ destination: destinationViewSchema }), { method: id === null ? 'POST' : 'PUT', body: input })
}

/** Forgets a destination; the server may want the password first. */
export function removeDestination(id: string) {
  return fetchJson(`${root}/${encodeURIComponent(id)}`, z.object({ removed: z.string() }), { method: 'DELETE' })
}

/** Tries a destination: as it stands in the form, or as it is saved. */
export function testDestinationMutation() {
  return mutationOptions({
    mutationFn: (body: { id: string | null; destination: DestinationInput | null }) =>
      fetchJson(`${root}/test`, z.object({ test: destinationTestSchema }), { method: 'POST', body }),
  })
}

/** Queues the check of an archive that lies at a destination. */
export function fetchArchiveMutation(queryClient: QueryClient) {
  return mutationOptions({
    mutationFn: ({ id, key, typedKey }: { id: string; key: string; typedKey: string | null }) =>
      fetchJson(`${root}/${encodeURIComponent(id)}/archives`, jobAnswerSchema, { method: 'POST', body: { key, typedKey } }),
    onSettled: () => refreshBackups(queryClient),
  })
}

/** Queues a copy of a backup to the destinations that do not have it. */
export function copyBackupMutation(queryClient: QueryClient) {
  return mutationOptions({
    mutationFn: ({ id, destinationIds }: { id: string; destinationIds: readonly string[] | null }) =>
      fetchJson(`/api/backups/${encodeURIComponent(id)}/copy`, jobAnswerSchema, { method: 'POST', body: { destinationIds } }),
    onSettled: () => refreshBackups(queryClient),
  })
}
