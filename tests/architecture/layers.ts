import type { IForbiddenRuleType } from 'dependency-cruiser'

/**
 * The layers of DESIGN.md, lowest first. A folder imports only from layers before its own: not from a later one,
 * and not from another folder of the same one. Two steps are finer than the design's level 0 and 1: `config`
 * throws the errors of `core`, and both engines and the control store apply schema migrations through `schema`.
 */
export const layers: readonly (readonly string[])[] = [
  ['lib/core'],
  ['lib/config', 'lib/schema'],
  ['lib/sqlite', 'lib/postgres', 'lib/control', 'lib/cv', 'lib/auth'],
  ['lib/verification', 'lib/monitoring', 'lib/jobs', 'lib/database', 'lib/sse'],
  ['lib/migration', 'lib/backup', 'lib/cvsite'],
  // Asks the migration's own checks, so it lies above it.
  ['lib/preflight'],
  // Asks what everything below has to say of itself when something went wrong.
  ['lib/troubleshooting', 'lib/advisor', 'lib/logs', 'lib/alarms'],
  ['lib/jobs/handlers'],
  ['app', 'worker', 'scripts'],
]

/**
 * Files that say what goes over the wire, in zod schemas and closed lists, and do nothing. The browser parses answers with
 * them; of all else components may import types only. They import each other and zod, so that nothing follows them there.
 */
export const contracts = [
  'lib/alarms/alarm-view',
  'lib/backup/backup-view',
  'lib/backup/could-recover',
  'lib/backup/destinations/copy-view',
  'lib/backup/destinations/destination',
  'lib/backup/foreign/upload-view',
  'lib/backup/manifest',
  'lib/backup/permissions-view',
  'lib/backup/restore-plan',
  'lib/backup/retention',
  'lib/core/errors',
  'lib/core/finding',
  'lib/core/finding-codes',
  'lib/core/progress',
  'lib/core/repair-choice',
  'lib/control/active-state',
  'lib/control/switch-choice',
  'lib/jobs/job',
  'lib/jobs/schedule',
  'lib/migration/migration-result',
  'lib/monitoring/health-report',
  'lib/monitoring/history-points',
  'lib/core/maintenance-operations',
  'lib/preflight/check-catalogue',
  'lib/preflight/preflight-result',
  'lib/advisor/advice',
  'lib/logs/log-entry',
  'lib/troubleshooting/catalogue',
  'lib/troubleshooting/diagnosis',
  'lib/verification/browsed-rows',
  'lib/verification/function-report',
  'lib/verification/inspected-value',
  'lib/verification/report-comparison',
  'lib/verification/table-cause',
  'lib/verification/verification-result',
] as const

/** Everything that the rules look at. */
export const sourceFolders = ['lib', 'app', 'worker', 'scripts', 'components'] as const

/** dependency-cruiser's rules, made from the table. */
export function dependencyRules(): IForbiddenRuleType[] {
  return [
    { name: 'no-cycle', severity: 'error', from: {}, to: { circular: true } },
    ...layers.flatMap((folders, level) => folders.map((folder) => lowerLayersOnly(folder, level))),
    {
      name: 'lib-without-next-and-react',
      severity: 'error',
      from: { path: '^lib/' },
      to: { path: '(^|node_modules/)(next|react|react-dom)(/|$)' },
    },
    {
      name: 'handlers-for-the-worker-alone',
      severity: 'error',
      from: { pathNot: '^(worker|lib/jobs/handlers)/' },
      to: { path: '^lib/jobs/handlers/' },
    },
    {
      name: 'components-import-types-and-contracts-only',
      severity: 'error',
      from: { path: '^components/' },
      to: { path: '^lib/', pathNot: `^(${contracts.join('|')})\\.ts$`, dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'contracts-stand-alone',
      severity: 'error',
      from: { path: `^(${contracts.join('|')})\\.ts$` },
      to: { pathNot: [`^(${contracts.join('|')})\\.ts$`, '(^|node_modules/)zod(/|$)'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'components-below-the-app',
      severity: 'error',
      from: { path: '^components/' },
      to: { path: '^(app|worker|scripts)/' },
    },
    { name: 'no-components-in-lib', severity: 'error', from: { path: '^(lib|worker|scripts)/' }, to: { path: '^components/' } },
  ]
}

function lowerLayersOnly(folder: string, level: number): IForbiddenRuleType {
  const allowed = [folder, ...layers.slice(0, level).flat()]
  const other = layers.flat().filter((candidate) => !allowed.includes(candidate))
  const inside = folder === 'lib/jobs' ? { path: '^lib/jobs/', pathNot: '^lib/jobs/handlers/' } : { path: `^${folder}/` }
  return {
    name: `${folder.replaceAll('/', '-')}-imports-lower-layers-only`,
    severity: 'error',
    from: inside,
    // lib/jobs may be imported by its handlers; what is in `other` is named exactly, so `lib/jobs/` there must not hold them.
    to: {
      path: `^(${other.join('|')})/`,
      ...(folder === 'lib/jobs/handlers' ? { pathNot: '^lib/jobs/' } : {}),
    },
  }
}
