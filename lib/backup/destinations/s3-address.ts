import { lookup } from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'
import { reportError } from '@/lib/core/errors'
import { checkAddress } from '@/lib/postgres/target-url'
import type { S3Place } from './destination'
import { DestinationError } from './destination-error'

/** What a destination typed in the browser may reach. */
export interface AddressRules {
  /** ALLOW_PRIVATE_TARGETS: whether loopback and private networks are allowed. Link-local and metadata addresses never are. */
  readonly allowPrivate: boolean
}

/**
 * The endpoint of an S3 destination after every check that needs no network: a scheme, a host and a port, and nothing else.
 *
 * @throws DestinationError address-refused
 */
export function endpointOf(place: S3Place, rules: AddressRules): URL {
  const text = place.endpoint ?? `https://s3.${place.region}.amazonaws.com`
  if (!URL.canParse(text)) throw refusedAddress(text, 'It is no URL; write it as https://host:port.')
  const url = new URL(text)
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw refusedAddress(text, 'Only https:// and http:// are used.')
  if (url.username !== '' || url.password !== '') throw refusedAddress(url.host, 'It must hold no user and password.')
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '')
    throw refusedAddress(url.host, 'It must end behind the host; the bucket has its own field.')
  checkHost(hostOf(url), url, rules)
  return url
}

/**
 * A lookup that hands on checked addresses alone, so that a name cannot lead to another address than the one that was
 * checked. In the clear (http) it leads only into private networks: the archive would cross the internet for all to read.
 */
export function checkedLookup(url: URL, rules: AddressRules): LookupFunction {
  return (host, options, done) => {
    lookup(host, { ...options, all: true }, (error, addresses) => {
      if (error) return done(error, '', 0)
      try {
        for (const { address } of addresses) checkHost(address, url, rules)
      } catch (refused) {
        return done(refused as Error, '', 0)
      }
      if (options.all) return done(null, addresses)
      const [first] = addresses
      return first ? done(null, first.address, first.family) : done(new Error('The host name leads to no address.'), '', 0)
    })
  }
}

function checkHost(host: string, url: URL, { allowPrivate }: AddressRules): void {
  try {
    checkAddress(host, allowPrivate)
  } catch (error) {
    throw refusedAddress(url.host, reportError(error).message)
  }
  if (url.protocol === 'http:' && isIP(host) !== 0 && !isPrivate(host))
    throw refusedAddress(url.host, 'Over the internet only https:// is used.')
}

/** Exactly what `checkAddress` refuses where private networks are not allowed. */
function isPrivate(address: string): boolean {
  try {
    checkAddress(address, false)
    return false
  } catch {
    return true
  }
}

function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '')
}

function refusedAddress(host: string, said: string): DestinationError {
  return new DestinationError('address-refused', host.slice(0, 200), said)
}
