'use client'

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { ApiError } from '@/components/api/api-error'
import { ErrorPanel } from '@/components/api/error-panel'
import { TimeStamp } from '@/components/format/time-stamp'
import { Badge } from '@/components/ui/badge'
import { Button } from '@/components/ui/button'
import { Card, CardBody, CardHeader } from '@/components/ui/card'
import { Field } from '@/components/ui/field'
import { SkeletonBlock } from '@/components/ui/skeleton'
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from '@/components/ui/table'
import { Textarea } from '@/components/ui/textarea'
import { CopyButton } from './copy-button'
import { compareKeysMutation, keysQuery, type WatchedKeys } from './preflight-queries'

const command = 'npm run --silent preflight -- --fingerprints'

/** Fingerprints of the keys, and the comparison with another environment. */
export function KeyFingerprints() {
  const t = useTranslations('preflight.keys')
  const keys = useQuery(keysQuery())
  return (
    <Card aria-labelledby="keys" className="overflow-hidden">
      <CardHeader title={t('title')} titleId="keys" description={t('body')} />
      {keys.isPending ? (
        <CardBody>
          <SkeletonBlock label={t('title')} rows={2} />
        </CardBody>
      ) : null}
      {keys.error && !keys.data ? (
        <CardBody>
          <ErrorPanel error={keys.error} onRetry={() => void keys.refetch()} />
        </CardBody>
      ) : null}
      {keys.data ? <KeyTable watched={keys.data} /> : null}
      {keys.data ? <CompareForm compared={keys.data.compared} /> : null}
    </Card>
  )
}

const tones = { first: 'info', same: 'success', changed: 'danger' } as const

function KeyTable({ watched: { keys, compared } }: { watched: WatchedKeys }) {
  const t = useTranslations('preflight.keys')
  if (keys.length === 0) return <p className="px-4 pb-4 text-ink-soft text-sm sm:px-5">{t('none')}</p>
  return (
    <Table label={t('title')}>
      <TableHead>
        <tr>
          <TableHeader>{t('key')}</TableHeader>
          <TableHeader>{t('fingerprint')}</TableHeader>
          <TableHeader>{t('since')}</TableHeader>
          {compared ? <TableHeader>{t('compare')}</TableHeader> : null}
        </tr>
      </TableHead>
      <TableBody>
        {keys.map(({ name, fingerprint, status, acceptedAt }) => {
          const other = compared?.fingerprints[name]
          return (
            <TableRow key={name}>
              <TableCell className="font-mono text-xs">{name}</TableCell>
              <TableCell className="whitespace-nowrap font-mono text-xs">{fingerprint}</TableCell>
              <TableCell>
                <span className="flex flex-wrap items-center gap-2">
                  <Badge tone={tones[status]}>{t(status)}</Badge>
                  {status === 'first' ? null : <TimeStamp iso={acceptedAt} className="text-ink-faint text-xs" />}
                </span>
              </TableCell>
              {compared ? (
                <TableCell>
                  {other === undefined ? (
                    <Badge tone="neutral">{t('notGiven')}</Badge>
                  ) : (
                    <Badge tone={other === fingerprint ? 'success' : 'danger'}>{t(other === fingerprint ? 'isSame' : 'isDifferent')}</Badge>
                  )}
                </TableCell>
              ) : null}
            </TableRow>
          )
        })}
      </TableBody>
    </Table>
  )
}

function CompareForm({ compared }: { compared: WatchedKeys['compared'] }) {
  const t = useTranslations('preflight.keys')
  const format = useTranslations('preflight')
  const queryClient = useQueryClient()
  const [text, setText] = useState('')
  const compare = useMutation({
    ...compareKeysMutation(queryClient),
    onSuccess: async () => {
      setText('')
      await queryClient.invalidateQueries({ queryKey: keysQuery().queryKey })
    },
  })
  const isBad = compare.error instanceof ApiError && compare.error.code === 'INVALID_INPUT'
  return (
    <CardBody className="flex flex-col gap-3 border-line border-t pt-4">
      <h3 className="font-medium text-sm">{t('compare')}</h3>
      <div className="text-ink-soft text-sm">
        <p>{t('compareBody')}</p>
        <div className="mt-1.5 flex items-center justify-between gap-2 rounded-md border border-line bg-sunken p-2">
          <code className="min-w-0 break-all font-mono text-xs">{command}</code>
          <CopyButton text={command} label={format('keys.compare')} />
        </div>
      </div>
      <form
        noValidate
        className="flex flex-col gap-3"
        onSubmit={(event) => {
          event.preventDefault()
          if (text.trim() !== '') compare.mutate(text)
        }}
      >
        <Field label={t('paste')} error={isBad ? t('compareBad') : undefined}>
          <Textarea rows={3} className="font-mono" spellCheck={false} value={text} onChange={(event) => setText(event.target.value)} />
        </Field>
        <div className="flex flex-wrap items-center gap-3">
          <Button type="submit" disabled={text.trim() === ''} pending={compare.isPending}>
            {t('compareDo')}
          </Button>
          {compared ? (
            <p role="status" className="text-ink-faint text-sm">
              {t.rich('comparedAt', { when: () => <TimeStamp iso={compared.at} relative />, who: compared.by })}
            </p>
          ) : null}
        </div>
        {compare.error && !isBad ? <ErrorPanel error={compare.error} announce /> : null}
      </form>
    </CardBody>
  )
}
