/** The languages of the interface; the first is the fallback. */
export const locales = ['en', 'fr'] as const
export type Locale = (typeof locales)[number]

/** Cookie that remembers the language a person chose. */
export const localeCookie = 'NEXT_LOCALE'

/** Whether a text names one of the languages of the interface. */
export function isLocale(text: string | undefined): text is Locale {
  return locales.some((locale) => locale === text)
}

/**
 * The language to answer in: what the person chose, else the best of what the browser asks for, else English.
 *
 * @param chosen value of the locale cookie
 * @param acceptLanguage the header, for example `fr-CA,fr;q=0.9,en;q=0.8`
 */
export function chooseLocale(chosen: string | undefined, acceptLanguage: string | null): Locale {
  if (isLocale(chosen)) return chosen
  const wanted = (acceptLanguage ?? '')
    .split(',')
    .map((part) => {
      const [tag = '', ...parameters] = part.trim().split(';')
      const weight = parameters.map((text) => /^\s*q=([\d.]+)$/.exec(text)?.[1]).find((text) => text !== undefined)
      return { language: tag.toLowerCase().split('-')[0], weight: weight === undefined ? 1 : Number(weight) }
    })
    .filter((entry) => entry.weight > 0)
    .sort((a, b) => b.weight - a.weight)
  return wanted.map((entry) => entry.language).find(isLocale) ?? locales[0]
}
