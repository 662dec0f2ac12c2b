'use client'

import { useMutation, useQuery } from '@tanstack/react-query'
import { LogOut } from 'lucide-react'
import { signOut } from 'next-auth/react'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { ErrorPanel } from '@/components/api/error-panel'
import { TimeStamp } from '@/components/format/time-stamp'
import { AlertDialog } from '@/components/ui/alert-dialog'
import { Button } from '@/components/ui/button'
import { Card, CardBody, CardFooter, CardHeader } from '@/components/ui/card'
import { SkeletonBlock } from '@/components/ui/skeleton'
import { endSessionsMutation, sessionsQuery } from './settings-queries'

/** My sessions: since when this one lasts, and the way out of all of them. */
export function SessionsCard() {
  const t = useTranslations('settings.sessions')
  const common = useTranslations('common')
  const sessions = useQuery(sessionsQuery())
  const [asks, setAsks] = useState(false)
  const end = useMutation({ ...endSessionsMutation(), onSuccess: () => signOut({ callbackUrl: '/sign-in' }) })
  return (
    <Card aria-labelledby="sessions">
      <CardHeader title={t('title')} titleId="sessions" description={t('body')} />
      <CardBody className="text-sm">
        {sessions.isPending ? <SkeletonBlock label={t('title')} rows={1} /> : null}
        {sessions.error && !sessions.data ? <ErrorPanel error={sessions.error} onRetry={() => void sessions.refetch()} /> : null}
        {sessions.data ? (
          <p>
            {t.rich('since', { when: () => <TimeStamp iso={sessions.data.signedInAt} /> })}
            {sessions.data.endedAt === null ? null : (
              <span className="block text-ink-faint">
                {t.rich('ended', { when: () => <TimeStamp iso={sessions.data.endedAt ?? sessions.data.signedInAt} /> })}
              </span>
            )}
          </p>
        ) : null}
        {end.error ? <ErrorPanel error={end.error} announce className="mt-3" /> : null}
      </CardBody>
      <CardFooter>
        <Button pending={end.isPending} icon={<LogOut aria-hidden />} onClick={() => setAsks(true)}>
          {t('end')}
        </Button>
      </CardFooter>
      <AlertDialog
        open={asks}
        onOpenChange={setAsks}
        title={t('askTitle')}
        description={t('askBody')}
        footer={
          <>
            <Button
              variant="danger"
              onClick={() => {
                setAsks(false)
                end.mutate()
              }}
            >
              {t('end')}
            </Button>
            <Button onClick={() => setAsks(false)}>{common('cancel')}</Button>
          </>
        }
      />
    </Card>
  )
}
