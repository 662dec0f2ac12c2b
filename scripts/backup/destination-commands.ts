import { hostname } from 'node:os'
import { copyBackup } from '@/lib/backup/destinations/copy-backup'
import { listDestinations, openDestination, placeLabel } from '@/lib/backup/destinations/destination-store'
import { testDestination } from '@/lib/backup/destinations/test-destination'
import { type BackupSetup, backupsLease } from '@/lib/backup/make-backup'
import type { ControlStore } from '@/lib/control/control-store'
import { withLease } from '@/lib/control/lease'
import { AppError } from '@/lib/core/errors'
import { printBackupEvent } from './backup-output'
import type { Outcome } from './outcome'

/** Ids of destinations that were named on the command line. @throws AppError INVALID_INPUT */
export async function destinationIds(store: ControlStore, named: readonly string[]): Promise<readonly string[]> {
  const known = await listDestinations(store)
  return named.map((text) => {
    const found = known.find(({ id, name }) => id === text || name === text)
    if (found) return found.id
    throw new AppError({
      code: 'INVALID_INPUT',
      operation: 'find a destination',
      subject: text,
      message: 'There is no such destination.',
      hint: known.length === 0 ? 'Add one on the Backups page.' : `There are: ${known.map(({ name }) => name).join(', ')}.`,
    })
  })
}

/** Copies a backup to destinations that do not have it: those that were named, or all that are in use. */
export async function copyTo(setup: BackupSetup, id: string, named: readonly string[] | undefined, signal: AbortSignal): Promise<Outcome> {
  const only = named === undefined ? null : await destinationIds(setup.store, named)
  const holder = `command line, process ${process.pid} on ${hostname()}`
  const lease = { name: backupsLease, holder, purpose: 'copy of a backup' }
  const copies = await withLease(setup.store, lease, signal, (held) =>
    copyBackup(setup, id, only, `command line on ${hostname()}`, printBackupEvent, held),
  )
  const failed = copies.some(({ status }) => status === 'failed')
  const lines = copies.map(({ name, status, problem }) => `${name}: ${problem ?? status}`)
  return {
    status: failed ? 1 : 0,
    result: { status: failed ? 'failed' : 'succeeded', id, copies },
    lines: lines.length > 0 ? lines : ['It is at every one of them already.'],
  }
}

/** Lists the destinations; with `test`, tries each of them. */
export async function showDestinations(setup: BackupSetup, test: boolean, signal: AbortSignal): Promise<Outcome> {
  const destinations = await listDestinations(setup.store)
  const shown = []
  for (const { id, name, enabled, place } of destinations) {
    const outcome = test ? await tryOne(setup, id, signal) : null
    shown.push({ id, name, kind: place.kind, place: placeLabel(place), enabled, test: outcome })
  }
  const failed = shown.some((destination) => destination.test?.status === 'failed')
  const lines = shown.map(({ id, name, kind, place, enabled, test: outcome }) => {
    const problem = outcome?.steps.find((step) => step.status === 'failed')
    const said = outcome === null ? (enabled ? 'in use' : 'paused') : problem ? `${problem.step}: ${problem.message}` : 'works'
    return [id, name, kind, place, said].join('  ')
  })
  return {
    status: failed ? 1 : 0,
    result: { status: failed ? 'failed' : 'succeeded', destinations: shown },
    lines: lines.length > 0 ? lines : ['There are no destinations yet; add one on the Backups page.'],
  }
}

async function tryOne(setup: BackupSetup, id: string, signal: AbortSignal) {
  const storage = await openDestination(setup, id)
  try {
    return await testDestination(storage, signal)
  } finally {
    storage.close()
  }
}
