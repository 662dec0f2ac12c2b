/** Groups of checks, in the order in which they run and are shown. */
export const checkGroups = ['source', 'target', 'values', 'files', 'secrets', 'server'] as const
export type CheckGroup = (typeof checkGroups)[number]

export const checkStatuses = ['passed', 'failed', 'warning', 'unknown'] as const
export type CheckStatus = (typeof checkStatuses)[number]

interface CheckEntry {
  readonly group: CheckGroup
  /** Whether nobody should start while this could not be asked. */
  readonly essential: boolean
  /** What can come out, and what that means. `unasked` (unknown, with the error as its reason) can always come out. */
  readonly outcomes: Readonly<Record<string, CheckStatus>>
}

/**
 * Every check of the preflight: closed, so that each outcome has its sentences in messages/ (`preflight.checks`), and so
 * that what an outcome means is decided in one place.
 */
export const checkCatalogue = {
  'source-file': { group: 'source', essential: true, outcomes: { read: 'passed', refused: 'failed' } },
  'source-integrity': { group: 'source', essential: true, outcomes: { sound: 'passed', damaged: 'failed' } },
  'source-references': { group: 'source', essential: true, outcomes: { sound: 'passed', odd: 'warning', orphans: 'failed' } },
  'source-wal': { group: 'source', essential: false, outcomes: { empty: 'passed', pending: 'warning' } },
  'source-history': {
    group: 'source',
    essential: true,
    outcomes: { 'in-step': 'passed', none: 'warning', edited: 'warning', pending: 'failed', ahead: 'failed', failed: 'failed' },
  },
  'source-drift': { group: 'source', essential: false, outcomes: { none: 'passed', drift: 'warning' } },
  'target-reachable': { group: 'target', essential: true, outcomes: { reached: 'passed', unreachable: 'failed' } },
  'target-version': { group: 'target', essential: true, outcomes: { supported: 'passed', 'too-old': 'failed' } },
  'target-tls': { group: 'target', essential: true, outcomes: { encrypted: 'passed', local: 'passed', plain: 'warning' } },
  'target-privileges': { group: 'target', essential: true, outcomes: { enough: 'passed', lacking: 'failed', 'read-only': 'failed' } },
  'target-empty': {
    group: 'target',
    essential: true,
    outcomes: { empty: 'passed', leftover: 'warning', 'earlier-copy': 'warning', 'not-empty': 'failed', 'in-use': 'failed' },
  },
  'target-encoding': { group: 'target', essential: true, outcomes: { utf8: 'passed', other: 'failed' } },
  'target-time-zone': { group: 'target', essential: false, outcomes: { utc: 'passed', other: 'warning' } },
  'target-extensions': { group: 'target', essential: false, outcomes: { 'none-needed': 'passed', available: 'passed', missing: 'failed' } },
  'target-connections': { group: 'target', essential: true, outcomes: { enough: 'passed', few: 'warning', none: 'failed' } },
  'target-latency': { group: 'target', essential: false, outcomes: { near: 'passed', far: 'warning' } },
  'target-disk': {
    group: 'target',
    essential: false,
    outcomes: { room: 'passed', full: 'failed', elsewhere: 'unknown', hidden: 'unknown' },
  },
  'target-history': { group: 'target', essential: true, outcomes: { 'in-step': 'passed', stale: 'failed' } },
  'values-held': { group: 'values', essential: true, outcomes: { exact: 'passed', noted: 'warning', refused: 'failed' } },
  'values-structure': { group: 'values', essential: true, outcomes: { whole: 'passed', changed: 'warning', refused: 'failed' } },
  'files-database-mode': {
    group: 'files',
    essential: false,
    outcomes: { private: 'passed', 'other-owner': 'warning', readable: 'warning', writable: 'failed' },
  },
  'files-cv-mode': {
    group: 'files',
    essential: false,
    outcomes: { private: 'passed', 'other-owner': 'warning', readable: 'warning', writable: 'failed' },
  },
  'files-env-mode': {
    group: 'files',
    essential: false,
    outcomes: { none: 'passed', private: 'passed', 'other-owner': 'warning', readable: 'warning', writable: 'failed' },
  },
  'files-safety-disk': { group: 'files', essential: true, outcomes: { room: 'passed', full: 'failed' } },
  'files-backup-disk': { group: 'files', essential: false, outcomes: { room: 'passed', full: 'warning' } },
  'files-cv-complete': { group: 'files', essential: true, outcomes: { complete: 'passed', extra: 'warning', missing: 'failed' } },
  'files-cv-open': { group: 'files', essential: true, outcomes: { open: 'passed', damaged: 'failed', 'other-key': 'failed' } },
  'secrets-cv-key': {
    group: 'secrets',
    essential: true,
    outcomes: { strong: 'passed', weak: 'warning', missing: 'failed', invalid: 'failed' },
  },
  'secrets-session-secret': {
    group: 'secrets',
    essential: true,
    outcomes: { strong: 'passed', weak: 'warning', missing: 'failed', short: 'failed' },
  },
  'secrets-unchanged': { group: 'secrets', essential: true, outcomes: { same: 'passed', first: 'passed', changed: 'failed' } },
  'secrets-environments': { group: 'secrets', essential: false, outcomes: { same: 'passed', different: 'failed' } },
  'server-clock': { group: 'server', essential: false, outcomes: { together: 'passed', apart: 'warning' } },
  'server-pg-dump': { group: 'server', essential: false, outcomes: { found: 'passed', 'too-old': 'warning', missing: 'warning' } },
  'server-node': { group: 'server', essential: false, outcomes: { supported: 'passed', 'too-old': 'failed' } },
  'server-state': { group: 'server', essential: true, outcomes: { idle: 'passed', busy: 'failed' } },
} as const satisfies Readonly<Record<string, CheckEntry>>

export type CheckCode = keyof typeof checkCatalogue
export type OutcomeOf<C extends CheckCode> = keyof (typeof checkCatalogue)[C]['outcomes'] & string

export const checkCodes = Object.keys(checkCatalogue) as [CheckCode, ...CheckCode[]]
