'use client'

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { ApiError } from '@/components/api/api-error'
import { ErrorPanel } from '@/components/api/error-panel'
import { Button } from '@/components/ui/button'
import { Callout } from '@/components/ui/callout'
import { Card, CardBody, CardHeader } from '@/components/ui/card'
import { Field } from '@/components/ui/field'
import { Input } from '@/components/ui/input'
import { emergencySignInMutation } from './emergency-queries'

/** An administrator's e-mail and password, as the SQLite copy has them: the accounts on PostgreSQL cannot be asked. */
export function EmergencySignIn() {
  const t = useTranslations('emergency.signIn')
  const signIn = useMutation(emergencySignInMutation(useQueryClient()))
  const [email, setEmail] = useState('')
  const [password, setPassword] = useState('')
  return (
    <Card aria-labelledby="who">
      <CardHeader title={t('title')} titleId="who" description={t('body')} />
      <CardBody>
        <form
          className="flex max-w-sm flex-col gap-4"
          onSubmit={(event) => {
            event.preventDefault()
            signIn.mutate({ email, password })
          }}
        >
          <Field label={t('email')}>
            <Input
              type="email"
              autoComplete="username"
              autoCapitalize="none"
              spellCheck={false}
              value={email}
              onValueChange={(next: string) => setEmail(next)}
            />
          </Field>
          <Field label={t('password')}>
            <Input type="password" autoComplete="current-password" value={password} onValueChange={(next: string) => setPassword(next)} />
          </Field>
          {signIn.error instanceof ApiError && signIn.error.code === 'NOT_ALLOWED' ? (
            <Callout tone="danger" live="alert" title={t('refused')}>
              {t('refusedBody')}
            </Callout>
          ) : signIn.error ? (
            <ErrorPanel error={signIn.error} announce />
          ) : null}
          <Button
            type="submit"
            variant="primary"
            className="w-fit max-sm:w-full"
            disabled={email === '' || password === ''}
            pending={signIn.isPending}
          >
            {t('submit')}
          </Button>
        </form>
      </CardBody>
    </Card>
  )
}
