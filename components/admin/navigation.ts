import {
  Activity,
  ArrowRightLeft,
  Database,
  DatabaseBackup,
  LayoutDashboard,
  LifeBuoy,
  ListChecks,
  type LucideIcon,
  Scale,
  ScanSearch,
  ScrollText,
  Server,
  Settings,
  Undo2,
} from 'lucide-react'

export type AdminPage =
  | 'overview'
  | 'targets'
  | 'preflight'
  | 'migration'
  | 'verification'
  | 'backups'
  | 'rollback'
  | 'database'
  | 'activity'
  | 'logs'
  | 'advisor'
  | 'troubleshooting'
  | 'settings'

/** Shelves of the navigation, in their order. `top` has no title. */
export const navigationGroups = ['top', 'move', 'protect', 'run', 'help'] as const
export type NavigationGroup = (typeof navigationGroups)[number]

export interface NavigationItem {
  readonly page: AdminPage
  readonly group: NavigationGroup
  readonly href: string
  readonly icon: LucideIcon
  /** Second key of the shortcut; the first is `g`. */
  readonly key: string
  /** Whether it has a place of its own at the foot of a phone; four at most, the others are behind "More". */
  readonly thumb?: true
}

export const navigation: readonly NavigationItem[] = [
  { page: 'overview', group: 'top', href: '/admin', icon: LayoutDashboard, key: 'o', thumb: true },
  { page: 'targets', group: 'move', href: '/admin/targets', icon: Server, key: 's' },
  { page: 'preflight', group: 'move', href: '/admin/preflight', icon: ListChecks, key: 'r' },
  { page: 'migration', group: 'move', href: '/admin/migration', icon: ArrowRightLeft, key: 'm', thumb: true },
  { page: 'verification', group: 'move', href: '/admin/verification', icon: ScanSearch, key: 'v', thumb: true },
  { page: 'backups', group: 'protect', href: '/admin/backups', icon: DatabaseBackup, key: 'b', thumb: true },
  { page: 'rollback', group: 'protect', href: '/admin/rollback', icon: Undo2, key: 'k' },
  { page: 'database', group: 'run', href: '/admin/database', icon: Database, key: 'd' },
  { page: 'activity', group: 'run', href: '/admin/activity', icon: Activity, key: 'a' },
  { page: 'logs', group: 'run', href: '/admin/logs', icon: ScrollText, key: 'l' },
  { page: 'advisor', group: 'help', href: '/admin/advisor', icon: Scale, key: 'c' },
  { page: 'troubleshooting', group: 'help', href: '/admin/troubleshooting', icon: LifeBuoy, key: 't' },
  { page: 'settings', group: 'help', href: '/admin/settings', icon: Settings, key: 'e' },
]

/** Whether a path lies on a page or below it. */
export function isCurrent(item: NavigationItem, path: string): boolean {
  return item.href === '/admin' ? path === '/admin' : path === item.href || path.startsWith(`${item.href}/`)
}
