import { judged } from './ask'
import type { HostFilesCheck } from './host-files'
import type { PreflightCheck } from './preflight-result'
import { thresholds } from './thresholds'

/** What the host's files came to: whether each row has its file and each file its row, and whether all open. */
export function judgeHostFiles({ rows, files, sound, bytes, faults }: HostFilesCheck, folder: string): readonly PreflightCheck[] {
  const { missing, extra, 'other-key': otherKey, ...damage } = faults
  const damaged = Object.entries(damage).flatMap(([kind, fault]) => (fault ? [{ kind, ...fault }] : []))
  const params = { rows, files, sound, readBytes: bytes }
  const names = (fault: { readonly names: readonly string[] }) => fault.names.slice(0, thresholds.examples)
  return [
    missing
      ? judged('files-cv-complete', 'missing', { where: folder, params, count: missing.count, examples: names(missing) })
      : extra
        ? judged('files-cv-complete', 'extra', { where: folder, params, count: extra.count, examples: names(extra) })
        : judged('files-cv-complete', 'complete', { where: folder, params }),
    damaged.length > 0
      ? judged('files-cv-open', 'damaged', {
          where: folder,
          params,
          count: damaged.reduce((sum, { count }) => sum + count, 0),
          examples: damaged.flatMap(({ kind, names: paths }) => paths.map((path) => `${path} (${kind})`)).slice(0, thresholds.examples),
        })
      : otherKey
        ? judged('files-cv-open', 'other-key', { where: folder, params, count: otherKey.count, examples: names(otherKey) })
        : judged('files-cv-open', 'open', { where: folder, params }),
  ]
}
