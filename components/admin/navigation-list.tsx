'use client'

import { useQuery } from '@tanstack/react-query'
import Link from 'next/link'
import { usePathname } from 'next/navigation'
import { useTranslations } from 'next-intl'
import { classNames } from '@/components/ui/class-names'
import { migrationKinds } from '@/lib/jobs/job'
import { isCurrent, navigation } from './navigation'
import { adminStateQuery } from './state-queries'

const looks = {
  side: {
    nav: 'px-2',
    list: 'flex flex-col gap-0.5',
    link: 'flex h-8 items-center gap-2.5 rounded-md px-2 text-sm text-ink-soft transition-colors hover:bg-hover hover:text-ink',
    current: 'bg-hover font-medium text-ink',
  },
  bottom: {
    nav: 'fixed inset-x-0 bottom-0 z-20 border-line border-t bg-surface/95 pb-[env(safe-area-inset-bottom)] backdrop-blur md:hidden',
    list: 'grid auto-cols-fr grid-flow-col',
    link: 'flex h-14 flex-col items-center gap-0.5 px-0.5 pt-1.5 text-center text-[10px] text-ink-faint leading-3',
    current: 'font-medium text-ink',
  },
} as const

/** The pages of the admin area. */
export function NavigationList({ look }: { look: keyof typeof looks }) {
  const t = useTranslations('admin.nav')
  const path = usePathname()
  const { data } = useQuery(adminStateQuery())
  const classes = looks[look]
  const busy = data?.activeJob != null && migrationKinds.has(data.activeJob.kind)
  return (
    <nav aria-label={t('label')} className={classes.nav}>
      <ul className={classes.list}>
        {navigation.map((item) => {
          const current = isCurrent(item, path)
          return (
            <li key={item.page}>
              <Link
                href={item.href}
                aria-current={current ? 'page' : undefined}
                className={classNames(classes.link, current && classes.current)}
              >
                <span className="relative">
                  <item.icon aria-hidden className={look === 'side' ? 'size-4' : 'size-5'} />
                  {item.page === 'migration' && busy ? (
                    <span aria-hidden className="absolute -top-0.5 -right-0.5 size-2 animate-pulse rounded-full bg-postgres" />
                  ) : null}
                </span>
                {t(item.page)}
              </Link>
            </li>
          )
        })}
      </ul>
    </nav>
  )
}
