import { keyFingerprint } from '@/lib/cv/cv-format'
import type { DestinationView, Place } from './destinations/destination'
import type { NewPolicy } from './key-policy'
import { recoveryCommands } from './recovery-commands'
import { type RecoveryKitTexts, recoveryKitTexts } from './recovery-kit-texts'

export interface RecoveryKitOptions {
  readonly encryption: Exclude<NewPolicy, { readonly kind: 'none' }>
  /** The private key of a pair that was generated now; null when the admin has it already. */
  readonly identity: string | null
  readonly siteUrl: string
  /** Where the archives lie on the server. */
  readonly folder: string
  /** Where copies go besides; nothing of their secrets is printed. */
  readonly destinations: readonly DestinationView[]
  /** CV_ENCRYPTION_KEY. */
  readonly fileKey: Buffer
  readonly createdAt: Date
  readonly locale: 'en' | 'fr'
}

type Command = keyof typeof recoveryCommands

/**
 * Two pages to print, complete in themselves (no script, no style sheet, no picture from elsewhere, no other document needed): what,
 * where, key, and every command up to the running app. It holds secrets: answered once, over the session that set them, kept nowhere.
 */
export function recoveryKit(options: RecoveryKitOptions): string {
  const { encryption, locale } = options
  const t = recoveryKitTexts[locale]
  const isPassphrase = encryption.kind === 'passphrase'
  return `<!doctype html>
<html lang="${locale}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="robots" content="noindex">
<title>${escapeHtml(t.title)} · ${escapeHtml(new URL(options.siteUrl).host)}</title>
<style>
body{font:15px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem;color:#111;background:#fff}
h1{font-size:1.5rem;margin:0 0 .5rem}h2{font-size:1.05rem;margin:1.75rem 0 .5rem;break-after:avoid}
p{margin:.5rem 0}dl{margin:0}dt{color:#555;margin-top:.75rem}dd{margin:0}ol{padding-left:1.4rem}li{margin-top:.75rem}
code,pre{font:13px/1.45 ui-monospace,monospace;white-space:pre-wrap;overflow-wrap:anywhere}
pre{border:1px solid #bbb;border-radius:6px;padding:.5rem .75rem;margin:.35rem 0;break-inside:avoid}
.secret{border:2px solid #111;border-radius:6px;padding:.25rem 1rem 1rem;break-inside:avoid}.secret code{font-size:15px}
@page{margin:16mm}@media print{body{max-width:none;margin:0;padding:0;font-size:12px}code,pre{font-size:10.5px}.secret code{font-size:13px}}
</style>
</head>
<body>
<h1>${escapeHtml(t.title)}</h1>
<p>${escapeHtml(t.intro)}</p>
<dl>${row(t.app, options.siteUrl)}${row(t.server, options.folder)}${places(t, options.destinations)}${row(t.made, options.createdAt.toISOString())}</dl>
<h2>${escapeHtml(isPassphrase ? t.passphrase : t.identity)}</h2>
<dl class="secret">${secrets(t, options)}</dl>
<h2>${escapeHtml(t.steps)}</h2>
<p>${escapeHtml(t.programs)}</p>
<ol>${steps(t, options)}</ol>
<p>${escapeHtml(t.foreign)}</p>
</body>
</html>
`
}

function places(t: RecoveryKitTexts, destinations: readonly DestinationView[]): string {
  if (destinations.length === 0) return `<dt>${escapeHtml(t.elsewhere)}</dt><dd>${escapeHtml(t.nowhere)}</dd>`
  return row(t.elsewhere, destinations.map(({ name, place }) => `${name}: ${describe(t, place)}`).join('\n'))
}

function describe(t: RecoveryKitTexts, place: Place): string {
  if (place.kind === 'folder') return t.folder(place.path)
  const below = place.prefix === '' ? place.bucket : `${place.bucket}/${place.prefix}`
  return t.bucket(below, endpointText(place), place.region)
}

function secrets(t: RecoveryKitTexts, { encryption, identity, fileKey }: RecoveryKitOptions): string {
  const file = row(t.fileKey, fileKey.toString('base64')) + row(t.fingerprint, keyFingerprint(fileKey))
  if (encryption.kind === 'passphrase') return row(t.passphrase, encryption.passphrase) + file
  const recipients = row(t.recipients, encryption.recipients.join('\n'))
  if (identity === null) return `${recipients}<dd>${escapeHtml(t.ownIdentity)}</dd>${file}`
  return row(t.identity, identity) + recipients + file
}

function steps(t: RecoveryKitTexts, { encryption, destinations }: RecoveryKitOptions): string {
  const isPassphrase = encryption.kind === 'passphrase'
  const format = (name: Command) => `<p><b>${name}</b></p>${block(recoveryCommands[name])}`
  const all = [
    ...fetching(t, destinations),
    said(t.open, isPassphrase ? t.ask : t.key) + block(recoveryCommands[isPassphrase ? 'open-passphrase' : 'open-recipients']),
    said(t.check) + block(recoveryCommands.check),
    `${said(t.database)}${said(t.sqlite)}${block(recoveryCommands.sqlite)}${said(t.postgresql)}${format('custom')}${format('plain')}${format('portable')}`,
    said(t.files) + block(recoveryCommands.files) + said(t.readFile) + block(recoveryCommands['read-file']),
    said(t.start),
  ]
  return all.map((step) => `<li>${step}</li>`).join('')
}

/** How to get an archive out of the buckets that there are. */
function fetching(t: RecoveryKitTexts, destinations: readonly DestinationView[]): readonly string[] {
  const buckets = destinations.flatMap(({ place }) => (place.kind === 's3' ? [place] : []))
  if (buckets.length === 0) return []
  const settings = buckets.map((place) => {
    const key = place.prefix === '' ? 'backup-….tar.gz.age' : `${place.prefix}/backup-….tar.gz.age`
    const named = { ENDPOINT: endpointText(place), REGION: place.region, BUCKET: place.bucket, KEY: key }
    const lines = [`AWS_ACCESS_KEY_ID=${place.accessKeyId}`, 'AWS_SECRET_ACCESS_KEY=…']
    return [...Object.entries(named).map(([name, value]) => `${name}='${value}'`), `export ${lines.join(' ')}`].join('\n')
  })
  return [said(t.fetch) + settings.map(block).join('') + block(recoveryCommands['fetch-rclone'])]
}

function endpointText({ endpoint, region }: Extract<Place, { readonly kind: 's3' }>): string {
  return endpoint ?? `https://s3.${region}.amazonaws.com`
}

const row = (name: string, value: string) => `<dt>${escapeHtml(name)}</dt><dd><code>${escapeHtml(value)}</code></dd>`
const said = (...sentences: readonly string[]) => `<p>${sentences.map(escapeHtml).join(' ')}</p>`
const block = (commands: string) => `<pre>${escapeHtml(commands)}</pre>`

function escapeHtml(text: string): string {
  const signs: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }
  return text.replace(/[&<>"']/g, (sign) => signs[sign] ?? sign)
}
