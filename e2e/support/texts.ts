import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { flatten, type Messages } from '../../tests/support/message-keys'

const load = (locale: 'en' | 'fr') =>
  flatten(JSON.parse(readFileSync(join(import.meta.dirname, `../../messages/${locale}.json`), 'utf8')) as Messages)

const texts = { en: load('en'), fr: load('fr') }

/**
 * What the interface says, by the key of messages/*.json, so that a journey fails for what the app does and not for
 * a word that was bettered. Simple placeholders are filled in.
 */
export function text(key: string, values: Readonly<Record<string, string>> = {}, locale: 'en' | 'fr' = 'en'): string {
  const found = texts[locale].get(key)
  if (found === undefined) throw new Error(`messages/${locale}.json has no ${key}`)
  return found.replace(/\{(\w+)\}/g, (placeholder, name: string) => values[name] ?? placeholder)
}

/** A pattern for a text with placeholders, each capturing what stands there. */
export function pattern(key: string): RegExp {
  const escaped = text(key).replace(/[.*+?^$()|[\]\\]/g, '\\$&')
  return new RegExp(escaped.replace(/\{\w+\}/g, '(.+?)'))
}
