import { Activity, ArrowRightLeft, DatabaseBackup, LayoutDashboard, ListChecks, type LucideIcon, ScanSearch } from 'lucide-react'

export type AdminPage = 'overview' | 'preflight' | 'migration' | 'verification' | 'backups' | 'activity'

export interface NavigationItem {
  readonly page: AdminPage
  readonly href: string
  readonly icon: LucideIcon
  /** Second key of the shortcut; the first is `g`. */
  readonly key: string
}

export const navigation: readonly NavigationItem[] = [
  { page: 'overview', href: '/admin', icon: LayoutDashboard, key: 'o' },
  { page: 'preflight', href: '/admin/preflight', icon: ListChecks, key: 'r' },
  { page: 'migration', href: '/admin/migration', icon: ArrowRightLeft, key: 'm' },
  { page: 'verification', href: '/admin/verification', icon: ScanSearch, key: 'v' },
  { page: 'backups', href: '/admin/backups', icon: DatabaseBackup, key: 'b' },
  { page: 'activity', href: '/admin/activity', icon: Activity, key: 'a' },
]

/** Whether a path lies on a page or below it. */
export function isCurrent(item: NavigationItem, path: string): boolean {
  return item.href === '/admin' ? path === '/admin' : path === item.href || path.startsWith(`${item.href}/`)
}
