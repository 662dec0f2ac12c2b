'use server'

import { cookies } from 'next/headers'
import { isLocale, localeCookie } from './locales'

/** Remembers the chosen language for a year. The page is rendered again in it. Anything else is ignored. */
export async function setLocale(locale: string): Promise<void> {
  if (!isLocale(locale)) return
  const store = await cookies()
  store.set(localeCookie, locale, { path: '/', maxAge: 365 * 24 * 3600, sameSite: 'lax' })
}
