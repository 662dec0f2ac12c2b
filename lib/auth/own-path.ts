/** A base that no link can mean; only used to resolve against. */
const base = 'http://own.invalid'

/**
 * The path to go to after signing in, when it is one of our own; otherwise `fallback`. Refuses other
 * origins in all their spellings (`//host`, `/\host`, `https:host`, spaces and control characters, which
 * browsers drop) and the sign-in page itself, which would be a circle.
 *
 * @param text from the address bar: anybody may have written it
 */
export function ownPathOr(text: string | null | undefined, fallback: string): string {
  if (!text?.startsWith('/') || !/^[!-[\]-~]+$/.test(text) || !URL.canParse(text, base)) return fallback
  const url = new URL(text, base)
  // Resolving `/..//host` leaves `//host`, which a browser would read as a host.
  if (url.origin !== base || url.pathname.startsWith('//')) return fallback
  if (/^\/(sign-in|api)(\/|$)/.test(url.pathname)) return fallback
  return `${url.pathname}${url.search}${url.hash}`
}
