import type { MaintenanceOperation } from '@/lib/core/maintenance-operations'
import {
  type CheckCode,
  type HealthAction,
  type HealthCheck,
  type HealthItem,
  type HealthLevel,
  healthLevels,
  type Panel,
} from '@/lib/monitoring/health-report'

type Params = HealthCheck['params']

/** Items that travel to the page; the count says how many there are. */
const longestList = 100

/** All is well, with the figures that say so. */
export function passed(code: CheckCode, params: Params = {}): HealthCheck {
  return { code, level: 'ok', reason: null, count: 0, params, items: [], sql: null, action: null }
}

/** A judgement on the database as a whole. */
export function found(code: CheckCode, level: HealthLevel, params: Params, rest: Partial<HealthCheck> = {}): HealthCheck {
  return { ...passed(code, params), level, count: 1, ...rest }
}

/** What is wrong with each of several things, the weightiest first; well when there is nothing. */
export function listed(code: CheckCode, items: readonly HealthItem[], params: Params = {}, rest: Partial<HealthCheck> = {}): HealthCheck {
  if (items.length === 0) return passed(code, params)
  const sorted = items.toSorted((left, right) => weightOf(left.level) - weightOf(right.level))
  return { ...passed(code, params), level: sorted[0]?.level ?? 'info', count: items.length, items: sorted.slice(0, longestList), ...rest }
}

/** One thing of a list. */
export function item(subject: string, level: HealthLevel, rest: Partial<HealthItem> = {}): HealthItem {
  return { subject, level, params: {}, wording: 'item', sql: null, action: null, ...rest }
}

/** Judges a panel when it is known, and passes on why when it is not. */
export function judged<T>(code: CheckCode, panel: Panel<T>, judge: (data: T) => HealthCheck): HealthCheck {
  if (panel.status === 'known') return judge(panel.data)
  return { ...passed(code), level: 'unknown', reason: panel.reason }
}

export function unknown(code: CheckCode, reason: NonNullable<HealthCheck['reason']>, params: Params = {}): HealthCheck {
  return { ...passed(code, params), level: 'unknown', reason }
}

/** A button that queues maintenance. */
export function maintain(operation: MaintenanceOperation, targets?: readonly string[]): HealthAction {
  return { kind: 'maintain', request: { operation, ...(targets === undefined ? {} : { targets: targets.slice(0, 2_000) }) } }
}

/** Worst first. */
export function byWeight(checks: readonly HealthCheck[]): readonly HealthCheck[] {
  return checks.toSorted((left, right) => weightOf(left.level) - weightOf(right.level))
}

function weightOf(level: HealthLevel): number {
  return healthLevels.indexOf(level)
}
