/** A base that no link can mean; only used to resolve against. */
const base = 'http://own.invalid'

/**
 * The path to go to after signing in, when it is one of our own; otherwise `fallback`. Refuses other
 * origins in all their spellings (`//host`, `/\host`, `https:host`, control characters that browsers drop)
 * and the sign-in page itself, which would be a circle.
 *
 * @param text from the address bar: anybody may have written it
 */
export function ownPathOr(text: string | null | undefined, fallback: string): string {
  if (!text?.startsWith('/') || /[\\\u0000-\u0020\u007f]/.test(text)) return fallback
  const url = URL.parse(text, base)
  if (url === null || url.origin !== base) return fallback
  if (url.pathname.startsWith('//') || /^\/(sign-in|api)(\/|$)/.test(url.pathname)) return fallback
  return `${url.pathname}${url.search}${url.hash}`
}
