import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import { S3Client } from '@aws-sdk/client-s3'
import type { S3Place } from './destination'
import { type AddressRules, checkedLookup, endpointOf } from './s3-address'

/** How long a connection may take to open, and to stay silent, in milliseconds. */
const connectTimeoutMs = 10_000
const silentTimeoutMs = 60_000
/** Each call is tried so often before it counts as failed; the SDK waits longer each time. */
const attempts = 5

/**
 * A client for one destination. Everything is given: nothing is taken from the environment, from files in the home folder or
 * from the metadata service of a cloud machine, and redirects to other hosts are not followed.
 *
 * @throws DestinationError address-refused
 */
export function createS3Client(place: S3Place, secretAccessKey: string, rules: AddressRules): S3Client {
  const url = endpointOf(place, rules)
  const lookup = checkedLookup(url, rules)
  // The version is pinned, and this Node is one that it supports; its word about later ones is not for operators' logs.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true'
  const agent = { keepAlive: true, maxSockets: 8, lookup }
  return new S3Client({
    endpoint: url.origin,
    region: place.region,
    forcePathStyle: place.pathStyle,
    credentials: { accessKeyId: place.accessKeyId, secretAccessKey },
    maxAttempts: attempts,
    retryMode: 'standard',
    followRegionRedirects: false,
    useArnRegion: false,
    useDualstackEndpoint: false,
    useFipsEndpoint: false,
    disableMultiregionAccessPoints: true,
    disableS3ExpressSessionAuth: true,
    requestChecksumCalculation: 'WHEN_SUPPORTED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: {
      httpAgent: new HttpAgent(agent),
      httpsAgent: new HttpsAgent(agent),
      connectionTimeout: connectTimeoutMs,
      socketTimeout: silentTimeoutMs,
    },
  })
}
