import { z } from 'zod'

export const tlsModes = ['prefer', 'disable', 'require', 'verify-ca', 'verify-full'] as const

/** A target in parts, or as one pasted address. What an address must be in full only the server judges. */
export const targetPartsSchema = z
  .object({
    name: z.string().max(80),
    way: z.enum(['parts', 'url']),
    url: z.string(),
    host: z.string(),
    port: z.string(),
    user: z.string(),
    password: z.string(),
    database: z.string(),
    schema: z.string(),
    tls: z.enum(tlsModes),
    ca: z.string(),
  })
  .superRefine(({ way, url, host, port, user, database, tls, ca }, context) => {
    const issue = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message })
    if (way === 'url') {
      if (!/^postgres(ql)?:\/\/.+\/.+/.test(url.trim())) issue('url', 'urlScheme')
      return
    }
    if (host.trim() === '') issue('host', 'required')
    if (!/^\d{1,5}$/.test(port.trim()) || Number(port) < 1 || Number(port) > 65_535) issue('port', 'port')
    if (user.trim() === '') issue('user', 'required')
    if (database.trim() === '') issue('database', 'required')
    if (ca.trim() !== '' && !/^-----BEGIN CERTIFICATE-----[\s\S]+-----END CERTIFICATE-----\s*$/.test(ca.trim())) issue('ca', 'ca')
    if (tls === 'verify-ca' && ca.trim() === '') issue('ca', 'caNeeded')
  })

export type TargetParts = z.infer<typeof targetPartsSchema>

export const emptyParts: TargetParts = {
  name: '',
  way: 'parts',
  url: '',
  host: '',
  port: '5432',
  user: '',
  password: '',
  database: '',
  schema: 'public',
  tls: 'require',
  ca: '',
}

/** The address that the parts stand for: every part encoded, defaults left out. */
export function urlOfParts({ way, url, host, port, user, password, database, schema, tls, ca }: TargetParts): string {
  if (way === 'url') return url.trim()
  const encoded = encodeURIComponent
  const address = host.includes(':') && !host.startsWith('[') ? `[${host.trim()}]` : host.trim()
  const query = new URLSearchParams({
    ...(schema.trim() === '' || schema.trim() === 'public' ? {} : { schema: schema.trim() }),
    ...(tls === 'prefer' ? {} : { sslmode: tls }),
    ...(ca.trim() === '' ? {} : { sslca: btoa(ca.trim()) }),
  }).toString()
  const secret = password === '' ? '' : `:${encoded(password)}`
  return `postgresql://${encoded(user.trim())}${secret}@${address}:${port.trim()}/${encoded(database.trim())}${query === '' ? '' : `?${query}`}`
}
