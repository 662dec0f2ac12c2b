'use client'

import { FileLock2, LogOut, ShieldCheck } from 'lucide-react'
import Link from 'next/link'
import { usePathname } from 'next/navigation'
import { signOut } from 'next-auth/react'
import { useTranslations } from 'next-intl'
import { PreferencesMenu } from '@/components/shell/preferences-menu'
import { Button } from '@/components/ui/button'
import { classNames } from '@/components/ui/class-names'
import { Menu, MenuItem, MenuLinkItem, MenuSeparator } from '@/components/ui/menu'

export interface SiteHeaderProps {
  brand: string
  user: { email: string; name: string | null; isAdmin: boolean }
  setLocale: (locale: string) => Promise<void>
}

/** Brand, the two places of the app, theme and language, the person's menu. */
export function SiteHeader({ brand, user, setLocale }: SiteHeaderProps) {
  const t = useTranslations('site.nav')
  const pathname = usePathname()
  const links = [
    { href: '/', label: t('cvs'), isCurrent: pathname === '/' || pathname.startsWith('/cvs') },
    { href: '/account', label: t('account'), isCurrent: pathname === '/account' },
  ]
  const name = user.name?.trim() || user.email
  const leave = async () => {
    await signOut({ redirect: false })
    // A whole new page: nothing that was shown to this person stays in memory.
    window.location.assign('/sign-in')
  }
  return (
    <header className="sticky top-0 z-30 border-line border-b bg-surface/95 backdrop-blur">
      <div className="mx-auto flex h-14 w-full max-w-4xl items-center gap-3 px-4 sm:px-6">
        <Link href="/" className="flex items-center gap-2 rounded font-semibold text-base max-[26rem]:sr-only">
          <FileLock2 aria-hidden className="size-4.5" />
          {brand}
        </Link>
        <nav aria-label={t('label')} className="flex h-full min-w-0 gap-4 sm:ml-4">
          {links.map(({ href, label, isCurrent }) => (
            <Link
              key={href}
              href={href}
              {...(isCurrent ? { 'aria-current': 'page' as const } : {})}
              className={classNames(
                'flex items-center truncate border-transparent border-y-2 text-sm -outline-offset-2',
                isCurrent ? 'border-b-primary font-medium text-ink' : 'text-ink-soft hover:text-ink',
              )}
            >
              {label}
            </Link>
          ))}
        </nav>
        <div className="ml-auto flex items-center gap-1">
          <PreferencesMenu setLocale={setLocale} />
          <Menu
            trigger={
              <Button variant="quiet" size="icon" aria-label={t('accountMenu', { name })} className="rounded-full">
                <span
                  aria-hidden
                  className="grid size-6 place-items-center rounded-full bg-primary font-semibold text-on-primary text-xs uppercase"
                >
                  {[...name][0]}
                </span>
              </Button>
            }
          >
            <p className="max-w-64 truncate px-2 py-1.5 text-ink-faint text-xs">{user.email}</p>
            <MenuSeparator />
            {user.isAdmin ? (
              <MenuLinkItem render={<Link href="/admin" />}>
                <ShieldCheck aria-hidden />
                {t('admin')}
              </MenuLinkItem>
            ) : null}
            <MenuItem onClick={() => void leave()}>
              <LogOut aria-hidden />
              {t('signOut')}
            </MenuItem>
          </Menu>
        </div>
      </div>
    </header>
  )
}
