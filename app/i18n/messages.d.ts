import type messages from '../../messages/en.json'
import type { Locale } from './locales'

/** Makes every key of messages/en.json known to the type checker: a missing sentence is a type error. */
declare module 'next-intl' {
  interface AppConfig {
    Locale: Locale
    Messages: typeof messages
  }
}
