'use client'

import { useTranslations } from 'next-intl'
import { CopyButton } from '@/components/preflight/copy-button'
import { Card, CardBody, CardHeader } from '@/components/ui/card'

/**
 * The line of .env that makes PostgreSQL the permanent setting. The password is left for the administrator to fill in: no
 * stored one comes back to a browser.
 *
 * @param label user@host:port/database?schema
 */
export function PermanentSetting({ label, isFinished }: { label: string; isFinished: boolean }) {
  const t = useTranslations('migration.permanent')
  const at = label.indexOf('@')
  const line = `DATABASE_URL="postgresql://${encodeURIComponent(label.slice(0, at))}:${t('password')}${label.slice(at)}"`
  return (
    <Card aria-labelledby="permanent">
      <CardHeader title={t('title')} titleId="permanent" description={t('body')} />
      <CardBody className="grid gap-3">
        <div className="flex items-start justify-between gap-2 rounded-md border border-line bg-sunken p-2">
          <pre className="min-w-0 whitespace-pre-wrap break-all pt-0.5 font-mono text-xs">{line}</pre>
          <CopyButton text={line} label="DATABASE_URL" />
        </div>
        {isFinished ? null : <p className="text-ink-soft text-sm">{t('wayBack')}</p>}
        <p className="text-ink-soft text-sm">{t(isFinished ? 'machinesFinished' : 'machines')}</p>
      </CardBody>
    </Card>
  )
}
