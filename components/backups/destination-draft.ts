import type { DestinationInput, DestinationView } from '@/lib/backup/destinations/destination'

/** A destination as it stands in the form: all of it text until it is sent. */
export interface DestinationDraft {
  kind: 's3' | 'folder'
  name: string
  path: string
  endpoint: string
  region: string
  bucket: string
  prefix: string
  pathStyle: boolean
  accessKeyId: string
  secretAccessKey: string
  enabled: boolean
  prunes: boolean
  keepLast: string
  monthly: string
}

const offered = { keepLast: '30', monthly: '12' }

/** The form for a destination that is there, or empty for a new one. */
export function draftOf(destination: DestinationView | null): DestinationDraft {
  const place = destination?.place
  const s3 = place?.kind === 's3' ? place : undefined
  const retention = destination?.retention
  return {
    kind: place?.kind ?? 's3',
    name: destination?.name ?? '',
    path: place?.kind === 'folder' ? place.path : '',
    endpoint: s3?.endpoint ?? '',
    region: s3?.region ?? '',
    bucket: s3?.bucket ?? '',
    prefix: s3?.prefix ?? '',
    pathStyle: s3?.pathStyle ?? true,
    accessKeyId: s3?.accessKeyId ?? '',
    secretAccessKey: '',
    enabled: destination?.enabled ?? true,
    prunes: retention !== null && retention !== undefined,
    keepLast: retention ? String(retention.keepLast) : offered.keepLast,
    monthly: retention ? String(retention.monthly) : offered.monthly,
  }
}

/** Whether the secret that the server keeps goes on counting: with the same key at the same host alone. */
export function isKeptSecret(draft: DestinationDraft, destination: DestinationView | null): boolean {
  const place = destination?.place
  if (place?.kind !== 's3') return false
  return (
    place.accessKeyId === draft.accessKeyId.trim() &&
    (place.endpoint ?? '') === draft.endpoint.trim() &&
    place.region === draft.region.trim()
  )
}

/** The fields that are not filled in as they must be. */
export function problemsOf(draft: DestinationDraft, destination: DestinationView | null): ReadonlySet<keyof DestinationDraft> {
  const needed: (keyof DestinationDraft)[] = draft.kind === 'folder' ? ['name', 'path'] : ['name', 'region', 'bucket', 'accessKeyId']
  const problems = new Set(needed.filter((name) => String(draft[name]).trim() === ''))
  if (draft.kind === 's3' && draft.secretAccessKey === '' && !isKeptSecret(draft, destination)) problems.add('secretAccessKey')
  if (draft.prunes && !/^[1-9]\d{0,3}$/.test(draft.keepLast)) problems.add('keepLast')
  if (draft.prunes && !/^\d{1,4}$/.test(draft.monthly)) problems.add('monthly')
  return problems
}

/** What the server takes. */
export function toInput(draft: DestinationDraft): DestinationInput {
  const { kind, name, path, endpoint, region, bucket, prefix, pathStyle, accessKeyId, secretAccessKey, enabled } = draft
  const retention = draft.prunes
    ? { keepLast: Number(draft.keepLast), keepDays: 0, daily: 0, weekly: 0, monthly: Number(draft.monthly) }
    : null
  if (kind === 'folder') return { name, enabled, retention, place: { kind, path }, secretAccessKey: null }
  const host = endpoint.trim() === '' ? null : endpoint.trim()
  return {
    name,
    enabled,
    retention,
    place: { kind, endpoint: host, region, bucket, prefix, pathStyle, accessKeyId },
    secretAccessKey: secretAccessKey === '' ? null : secretAccessKey,
  }
}
