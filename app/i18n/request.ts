import { cookies, headers } from 'next/headers'
import { getRequestConfig } from 'next-intl/server'
import { chooseLocale, localeCookie } from './locales'

/** next-intl without a prefix in the URL: one address serves both languages. */
export default getRequestConfig(async () => {
  const [cookieStore, headerList] = await Promise.all([cookies(), headers()])
  const locale = chooseLocale(cookieStore.get(localeCookie)?.value, headerList.get('accept-language'))
  const messages = locale === 'fr' ? await import('../../messages/fr.json') : await import('../../messages/en.json')
  return { locale, messages: messages.default }
})
