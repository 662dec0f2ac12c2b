'use client'

import { Eye, EyeOff } from 'lucide-react'
import Link from 'next/link'
import { signIn } from 'next-auth/react'
import { useTranslations } from 'next-intl'
import { type FormEvent, useRef, useState } from 'react'
import { Button } from '@/components/ui/button'
import { Callout } from '@/components/ui/callout'
import { Field } from '@/components/ui/field'
import { Input } from '@/components/ui/input'
import { type SignInProblem, signInProblem } from './sign-in-problem'

export interface SignInFormProps {
  /** Where to go after; one of our own paths. */
  from: string
  /** Other ways in that are configured. */
  providers: readonly ('github' | 'google')[]
  /** next-auth's code from the address bar, after a provider sent the person back. */
  initialError: string | null
}

const providerNames = { github: 'GitHub', google: 'Google' } as const

/** E-mail and password, and the other ways in. What was typed stays when it is refused. */
export function SignInForm({ from, providers, initialError }: SignInFormProps) {
  const t = useTranslations('auth')
  const [email, setEmail] = useState('')
  const [password, setPassword] = useState('')
  const [isShown, setShown] = useState(false)
  const [missing, setMissing] = useState({ email: false, password: false })
  const [pending, setPending] = useState<'password' | 'github' | 'google' | null>(null)
  const [problem, setProblem] = useState<SignInProblem | null>(() => signInProblem(initialError))
  const emailInput = useRef<HTMLInputElement>(null)
  const passwordInput = useRef<HTMLInputElement>(null)

  const submit = async (event: FormEvent) => {
    event.preventDefault()
    const lacks = { email: email.trim() === '', password: password === '' }
    setMissing(lacks)
    if (lacks.email || lacks.password) {
      const first = lacks.email ? emailInput : passwordInput
      first.current?.focus()
      return
    }
    setPending('password')
    setProblem(null)
    const answer = await signIn('credentials', { email, password, redirect: false }).catch(() => undefined)
    if (answer?.ok && !answer.error) {
      // A whole new page, rendered for the person who is now signed in.
      window.location.assign(from)
      return
    }
    setPending(null)
    setProblem(answer ? signInProblem(answer.error ?? 'Unavailable') : 'network')
    if (answer?.error === 'CredentialsSignin') passwordInput.current?.select()
  }

  const goTo = (provider: 'github' | 'google') => {
    setPending(provider)
    signIn(provider, { callbackUrl: from }).catch(() => {
      setPending(null)
      setProblem('network')
    })
  }

  return (
    <div className="flex flex-col gap-4">
      {problem ? (
        <Callout tone={problem === 'rateLimited' ? 'warning' : 'danger'} live="alert" title={t(`errors.${problem}Title`)}>
          {t(`errors.${problem}Body`)}
          {problem === 'unavailable' ? (
            <p className="mt-1.5">
              <Link href="/emergency" className="rounded underline underline-offset-4">
                {t('emergency')}
              </Link>
            </p>
          ) : null}
        </Callout>
      ) : null}
      <form onSubmit={submit} noValidate className="flex flex-col gap-4">
        <Field label={t('email')} error={missing.email && t('emailMissing')}>
          <Input
            ref={emailInput}
            type="email"
            name="email"
            autoComplete="username"
            autoCapitalize="none"
            spellCheck={false}
            value={email}
            onChange={(event) => setEmail(event.target.value)}
          />
        </Field>
        <div className="relative">
          <Field label={t('password')} error={missing.password && t('passwordMissing')}>
            <Input
              ref={passwordInput}
              type={isShown ? 'text' : 'password'}
              name="password"
              autoComplete="current-password"
              value={password}
              onChange={(event) => setPassword(event.target.value)}
            />
          </Field>
          <Button
            variant="quiet"
            size="small"
            className="absolute -top-1 right-0 size-7 px-0!"
            aria-label={t(isShown ? 'hidePassword' : 'showPassword')}
            icon={isShown ? <EyeOff aria-hidden /> : <Eye aria-hidden />}
            onClick={() => setShown(!isShown)}
          />
        </div>
        <Button type="submit" variant="primary" size="large" pending={pending === 'password'} disabled={pending !== null}>
          {t('submit')}
        </Button>
      </form>
      {providers.length === 0 ? null : (
        <>
          <p className="flex items-center gap-3 text-ink-faint text-xs before:h-px before:flex-1 before:bg-line after:h-px after:flex-1 after:bg-line">
            {t('or')}
          </p>
          {providers.map((provider) => (
            <Button key={provider} size="large" pending={pending === provider} disabled={pending !== null} onClick={() => goTo(provider)}>
              {t('withProvider', { provider: providerNames[provider] })}
            </Button>
          ))}
        </>
      )}
    </div>
  )
}
