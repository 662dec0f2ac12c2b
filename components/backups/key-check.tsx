'use client'

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { FlaskConical } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { ErrorPanel } from '@/components/api/error-panel'
import { Button } from '@/components/ui/button'
import { Card, CardBody, CardHeader } from '@/components/ui/card'
import { Field } from '@/components/ui/field'
import { Input } from '@/components/ui/input'
import type { BackupView } from '@/lib/backup/backup-view'
import { checkKeyMutation, startTrialMutation } from './backup-queries'

/** "Can this key open this archive?", asked at any time; the key is kept nowhere. */
export function KeyCheck({ backup, isBusy }: { backup: BackupView; isBusy: boolean }) {
  const t = useTranslations('backups.keyCheck')
  const [key, setKey] = useState('')
  const check = useMutation(checkKeyMutation())
  const trial = useMutation(startTrialMutation(useQueryClient()))
  // Where this server has a key of its own the trial is among the actions of the page.
  const mayTry = check.data?.opens === true && !backup.keyKnown && !backup.foreign
  return (
    <Card aria-labelledby="key-check">
      <CardHeader title={t('title')} titleId="key-check" description={t('body')} />
      <CardBody className="flex flex-col gap-3">
        <form
          className="flex flex-wrap items-end gap-2"
          onSubmit={(event) => {
            event.preventDefault()
            if (key !== '') check.mutate({ id: backup.id, key })
          }}
        >
          <Field label={t('label')} className="min-w-56 flex-1">
            <Input
              type="password"
              autoComplete="off"
              value={key}
              onValueChange={(next: string) => {
                setKey(next)
                check.reset()
              }}
            />
          </Field>
          <Button type="submit" pending={check.isPending} disabled={key === ''}>
            {t('check')}
          </Button>
          {backup.keyKnown ? (
            <Button pending={check.isPending} onClick={() => check.mutate({ id: backup.id, key: null })}>
              {t('checkOwn')}
            </Button>
          ) : null}
        </form>
        <p role="status" className={check.data ? (check.data.opens ? 'text-sm text-success-ink' : 'text-danger-ink text-sm') : 'sr-only'}>
          {check.data ? t(check.data.opens ? 'opens' : 'doesNot') : ''}
        </p>
        {mayTry ? (
          <Button
            className="self-start"
            pending={trial.isPending || isBusy}
            onClick={() => trial.mutate({ id: backup.id, key })}
            icon={<FlaskConical aria-hidden />}
          >
            {t('tryWithIt')}
          </Button>
        ) : null}
        {trial.error ? <ErrorPanel error={trial.error} announce /> : null}
        {check.error ? <ErrorPanel error={check.error} announce /> : null}
      </CardBody>
    </Card>
  )
}
