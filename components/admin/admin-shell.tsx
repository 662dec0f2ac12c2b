'use client'

import { ArrowLeft, Keyboard, LogOut } from 'lucide-react'
import Link from 'next/link'
import { signOut } from 'next-auth/react'
import { useTranslations } from 'next-intl'
import { type ReactNode, useState } from 'react'
import { PreferencesMenu } from '@/components/shell/preferences-menu'
import { SkipLink } from '@/components/shell/skip-link'
import { Button } from '@/components/ui/button'
import { Menu, MenuItem, MenuLinkItem, MenuSeparator } from '@/components/ui/menu'
import { NavigationList } from './navigation-list'
import { ReadOnlyBanner } from './read-only-banner'
import { ShortcutsDialog } from './shortcuts-dialog'
import { StatusFoot } from './status-foot'
import { useShortcuts } from './use-shortcuts'

export interface AdminShellProps {
  user: { readonly name: string | null; readonly email: string | null }
  setLocale: (locale: string) => Promise<void>
  children: ReactNode
}

/** The frame of the admin area: navigation at the side, on a phone at the bottom; banner; the page. */
export function AdminShell({ user, setLocale, children }: AdminShellProps) {
  const t = useTranslations('admin')
  const [showShortcuts, setShowShortcuts] = useState(false)
  useShortcuts(() => setShowShortcuts(true))
  const name = user.name ?? user.email ?? ''

  const account = (
    <Menu
      align="start"
      trigger={
        <Button variant="quiet" size="icon" aria-label={t('nav.account', { name })} className="rounded-full">
          <span
            aria-hidden
            className="grid size-6 place-items-center rounded-full bg-primary font-semibold text-[11px] text-on-primary uppercase"
          >
            {name.slice(0, 1)}
          </span>
        </Button>
      }
    >
      <p className="max-w-64 truncate px-2 py-1.5 text-ink-faint text-xs">{user.email ?? user.name}</p>
      <MenuSeparator />
      <MenuLinkItem render={<Link href="/" />}>
        <ArrowLeft aria-hidden />
        {t('nav.backToSite')}
      </MenuLinkItem>
      <MenuItem onClick={() => setShowShortcuts(true)}>
        <Keyboard aria-hidden />
        {t('nav.shortcuts')}
      </MenuItem>
      <MenuItem onClick={() => void signOut({ callbackUrl: '/sign-in' })}>
        <LogOut aria-hidden />
        {t('nav.signOut')}
      </MenuItem>
    </Menu>
  )

  return (
    <div className="min-h-dvh md:grid md:grid-cols-[13.5rem_minmax(0,1fr)]">
      <SkipLink />
      <aside className="sticky top-0 hidden h-dvh flex-col border-line border-r bg-surface md:flex">
        <div className="flex h-14 items-center justify-between pr-2 pl-4">
          <Brand />
          <PreferencesMenu setLocale={setLocale} />
        </div>
        <NavigationList look="side" />
        <div className="mt-auto flex flex-col gap-2 p-3">
          <StatusFoot />
          <div className="flex min-w-0 items-center gap-2 border-line border-t pt-2">
            {account}
            <span className="truncate text-ink-soft text-sm">{name}</span>
          </div>
        </div>
      </aside>
      <header className="sticky top-0 z-20 flex h-12 items-center justify-between border-line border-b bg-surface/95 pr-2 pl-4 backdrop-blur md:hidden">
        <Brand />
        <div className="flex items-center">
          <PreferencesMenu setLocale={setLocale} />
          {account}
        </div>
      </header>
      <div className="flex min-w-0 flex-col pb-20 md:pb-0">
        <ReadOnlyBanner />
        <main id="content" tabIndex={-1} className="mx-auto w-full max-w-6xl px-4 py-5 outline-hidden sm:px-6 md:py-7">
          {children}
        </main>
      </div>
      <NavigationList look="bottom" />
      <ShortcutsDialog open={showShortcuts} onOpenChange={setShowShortcuts} />
    </div>
  )
}

function Brand() {
  const t = useTranslations('admin')
  return (
    <Link href="/admin" className="flex items-center gap-2 rounded font-semibold text-base tracking-tight">
      <svg aria-hidden="true" viewBox="0 0 20 20" className="size-5" fill="none">
        <title>Bascule</title>
        <circle cx="5" cy="6" r="3" fill="var(--sqlite)" />
        <circle cx="15" cy="10" r="3" fill="var(--postgres)" />
        <path d="M1.5 10.5 18.5 15.5" stroke="currentColor" strokeWidth="1.75" strokeLinecap="round" />
        <path d="m10 13-2.5 5h5z" fill="currentColor" />
      </svg>
      {t('brand')}
    </Link>
  )
}
