import { keyFingerprint } from '@/lib/cv/cv-format'
import type { NewPolicy } from './key-policy'

export interface RecoveryKitOptions {
  readonly encryption: Exclude<NewPolicy, { readonly kind: 'none' }>
  /** The private key of a pair that was generated now; null when the admin has it already. */
  readonly identity: string | null
  readonly siteUrl: string
  /** Where the archives lie on the server. */
  readonly folder: string
  /** CV_ENCRYPTION_KEY. */
  readonly fileKey: Buffer
  readonly createdAt: Date
  readonly locale: 'en' | 'fr'
}

const texts = {
  en: {
    title: 'Recovery kit',
    intro:
      'Print this page, or keep it in a password manager. It is shown once. Whoever has it and an archive can read everything; without it an encrypted archive cannot be opened by anybody.',
    what: 'Application',
    where: 'Archives',
    made: 'Made on',
    passphrase: 'Passphrase of the backups',
    identity: 'Private key of the backups (age)',
    recipients: 'Public keys (age recipients)',
    ownIdentity: 'The private keys that belong to these are with whoever made them.',
    fileKey: 'CV_ENCRYPTION_KEY (base64), without which the files of people cannot be read',
    fingerprint: 'Its fingerprint',
    commands: 'To recover without the app',
    programs: 'Needed: tar, gzip, age, sqlite3; for PostgreSQL psql or pg_restore.',
    ask: 'age asks for the passphrase above.',
    key: 'The file key.txt holds the private key above, on one line.',
    afterwards:
      'An SQLite archive: database/app.db is the database. A PostgreSQL archive: docs/recovery.md of the app has the commands for each format; manifest.json says which it is.',
  },
  fr: {
    title: 'Kit de secours',
    intro:
      'Imprimez cette page, ou gardez-la dans un gestionnaire de mots de passe. Elle n’est montrée qu’une fois. Qui la possède avec une archive peut tout lire ; sans elle, personne ne peut ouvrir une archive chiffrée.',
    what: 'Application',
    where: 'Archives',
    made: 'Fait le',
    passphrase: 'Phrase secrète des sauvegardes',
    identity: 'Clé privée des sauvegardes (age)',
    recipients: 'Clés publiques (destinataires age)',
    ownIdentity: 'Les clés privées correspondantes sont chez la personne qui les a créées.',
    fileKey: 'CV_ENCRYPTION_KEY (base64), sans laquelle les fichiers des personnes sont illisibles',
    fingerprint: 'Son empreinte',
    commands: 'Pour récupérer sans l’application',
    programs: 'Il faut : tar, gzip, age, sqlite3 ; pour PostgreSQL, psql ou pg_restore.',
    ask: 'age demande la phrase secrète ci-dessus.',
    key: 'Le fichier key.txt contient la clé privée ci-dessus, sur une ligne.',
    afterwards:
      'Archive SQLite : database/app.db est la base. Archive PostgreSQL : docs/recovery.md de l’application donne les commandes de chaque format ; manifest.json dit lequel.',
  },
} as const

/**
 * One page to print, complete in itself (no script, no style sheet, no picture from elsewhere): what, where, key, commands.
 * It holds secrets: answered once, over the session that set them, and kept nowhere.
 */
export function recoveryKit(options: RecoveryKitOptions): string {
  const { encryption, identity, locale, fileKey } = options
  const t = texts[locale]
  const isPassphrase = encryption.kind === 'passphrase'
  const row = (name: string, value: string) => `<dt>${escapeHtml(name)}</dt><dd><code>${escapeHtml(value)}</code></dd>`
  const keys = isPassphrase
    ? row(t.passphrase, encryption.passphrase)
    : `${identity === null ? '' : row(t.identity, identity)}${row(t.recipients, encryption.recipients.join('\n'))}${
        identity === null ? `<p>${escapeHtml(t.ownIdentity)}</p>` : ''
      }`
  const open = isPassphrase ? 'age --decrypt' : 'age --decrypt --identity key.txt'
  const commands = [
    `mkdir recovered`,
    `${open} backup-….tar.gz.age | tar --extract --gzip --directory recovered`,
    'cd recovered',
    'sha256sum --check SHA256SUMS',
    `sqlite3 database/app.db 'PRAGMA integrity_check'`,
  ]
  return `<!doctype html>
<html lang="${locale}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="robots" content="noindex">
<title>${escapeHtml(t.title)} · ${escapeHtml(new URL(options.siteUrl).host)}</title>
<style>
body{font:15px/1.5 system-ui,sans-serif;max-width:44rem;margin:2rem auto;padding:0 1rem;color:#111;background:#fff}
h1{font-size:1.5rem;margin:0 0 .5rem}h2{font-size:1.05rem;margin:1.75rem 0 .5rem}
dl{margin:0}dt{color:#555;margin-top:.75rem}dd{margin:0}
code,pre{font:14px/1.5 ui-monospace,monospace;white-space:pre-wrap;overflow-wrap:anywhere}
pre{border:1px solid #bbb;border-radius:6px;padding:.75rem 1rem;margin:.5rem 0}
.secret{border:2px solid #111;border-radius:6px;padding:.25rem 1rem 1rem}
@page{margin:18mm}
</style>
</head>
<body>
<h1>${escapeHtml(t.title)}</h1>
<p>${escapeHtml(t.intro)}</p>
<dl>${row(t.what, options.siteUrl)}${row(t.where, options.folder)}${row(t.made, options.createdAt.toISOString())}</dl>
<h2>${escapeHtml(isPassphrase ? t.passphrase : t.identity)}</h2>
<dl class="secret">${keys}${row(t.fileKey, fileKey.toString('base64'))}${row(t.fingerprint, keyFingerprint(fileKey))}</dl>
<h2>${escapeHtml(t.commands)}</h2>
<p>${escapeHtml(t.programs)} ${escapeHtml(isPassphrase ? t.ask : t.key)}</p>
<pre>${commands.map(escapeHtml).join('\n')}</pre>
<p>${escapeHtml(t.afterwards)}</p>
</body>
</html>
`
}

function escapeHtml(text: string): string {
  const signs: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }
  return text.replace(/[&<>"']/g, (sign) => signs[sign] ?? sign)
}
