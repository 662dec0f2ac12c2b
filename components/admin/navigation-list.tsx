'use client'

import { useQuery } from '@tanstack/react-query'
import { Ellipsis } from 'lucide-react'
import Link from 'next/link'
import { usePathname } from 'next/navigation'
import { useTranslations } from 'next-intl'
import { classNames } from '@/components/ui/class-names'
import { Menu, MenuLinkItem } from '@/components/ui/menu'
import { migrationKinds } from '@/lib/jobs/job'
import { isCurrent, type NavigationItem, navigation, navigationGroups } from './navigation'
import { adminStateQuery } from './state-queries'

const sideLink =
  'flex h-8 items-center gap-2.5 rounded-md px-2 text-sm text-ink-soft transition-colors hover:bg-hover hover:text-ink aria-[current=page]:bg-hover aria-[current=page]:font-medium aria-[current=page]:text-ink'
const bottomLink =
  'flex h-14 w-full flex-col items-center gap-0.5 pt-1.5 text-center text-[10px] tracking-tight text-ink-faint leading-3 aria-[current=page]:font-medium aria-[current=page]:text-ink'

/** The pages of the admin area: at the side by shelf; on a phone four under the thumb, the others behind "More". */
export function NavigationList({ look }: { look: 'side' | 'bottom' }) {
  return look === 'side' ? <SideNavigation /> : <BottomNavigation />
}

function SideNavigation() {
  const t = useTranslations('admin.nav')
  return (
    <nav aria-label={t('label')} className="min-h-0 flex-1 overflow-y-auto px-2 pb-2">
      {navigationGroups.map((group) => {
        const items = navigation.filter((item) => item.group === group)
        if (items.length === 0) return null
        const titleId = `navigation-${group}`
        return (
          <div key={group} className="mt-3 first:mt-0">
            {group === 'top' ? null : (
              <h2 id={titleId} className="px-2 pb-1 font-medium text-ink-faint text-xs">
                {t(`groups.${group}`)}
              </h2>
            )}
            <ul {...(group === 'top' ? {} : { 'aria-labelledby': titleId })} className="flex flex-col gap-0.5">
              {items.map((item) => (
                <li key={item.page}>
                  <PageLink item={item} className={sideLink} iconClass="size-4" />
                </li>
              ))}
            </ul>
          </div>
        )
      })}
    </nav>
  )
}

function BottomNavigation() {
  const t = useTranslations('admin.nav')
  const path = usePathname()
  const others = navigation.filter((item) => item.thumb === undefined)
  const open = others.find((item) => isCurrent(item, path))
  return (
    <nav
      aria-label={t('label')}
      className="fixed inset-x-0 bottom-0 z-20 border-line border-t bg-surface/95 pb-[env(safe-area-inset-bottom)] backdrop-blur md:hidden"
    >
      <ul className="grid auto-cols-fr grid-flow-col">
        {navigation
          .filter((item) => item.thumb)
          .map((item) => (
            <li key={item.page}>
              <PageLink item={item} className={bottomLink} iconClass="size-5" />
            </li>
          ))}
        <li>
          <Menu
            side="top"
            trigger={
              <button type="button" className={classNames(bottomLink, open !== undefined && 'font-medium text-ink')}>
                <Ellipsis aria-hidden className="size-5" />
                {open === undefined ? t('more') : t(open.page)}
              </button>
            }
          >
            {others.map((item) => (
              <MenuLinkItem key={item.page} render={<Link href={item.href} />} aria-current={isCurrent(item, path) ? 'page' : undefined}>
                <item.icon aria-hidden />
                {t(item.page)}
              </MenuLinkItem>
            ))}
          </Menu>
        </li>
      </ul>
    </nav>
  )
}

function PageLink({ item, className, iconClass }: { item: NavigationItem; className: string; iconClass: string }) {
  const t = useTranslations('admin.nav')
  const path = usePathname()
  const { data } = useQuery(adminStateQuery())
  const busy = item.page === 'migration' && data?.activeJob != null && migrationKinds.has(data.activeJob.kind)
  return (
    <Link href={item.href} aria-current={isCurrent(item, path) ? 'page' : undefined} className={className}>
      <span className="relative">
        <item.icon aria-hidden className={iconClass} />
        {busy ? <span aria-hidden className="absolute -top-0.5 -right-0.5 size-2 animate-pulse rounded-full bg-postgres" /> : null}
      </span>
      {t(item.page)}
    </Link>
  )
}
