'use client'

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { FileCode, Wand } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { ErrorPanel } from '@/components/api/error-panel'
import { PasswordDialog } from '@/components/jobs/password-dialog'
import { useWithPassword } from '@/components/jobs/use-with-password'
import { CopyButton } from '@/components/preflight/copy-button'
import { Button } from '@/components/ui/button'
import { Callout } from '@/components/ui/callout'
import { CardBody, CardFooter } from '@/components/ui/card'
import { Field } from '@/components/ui/field'
import { Input } from '@/components/ui/input'
import type { InstructionNames as Names } from './instructions'
import { type MadeTarget, planTargetMutation, requestMaking, targetKeys } from './target-queries'

export interface MakeOneProps {
  names: Names
  onNames: (names: Names) => void
}

/** "Make one for me": with an administrator's address, used this once; the statements are shown before anything is done. */
export function MakeOne({ names, onNames }: MakeOneProps) {
  const t = useTranslations('targets.make')
  const queryClient = useQueryClient()
  const [name, setName] = useState('')
  const [adminUrl, setAdminUrl] = useState('')
  const [made, setMade] = useState<MadeTarget | null>(null)
  const plan = useMutation(planTargetMutation())
  const make = useWithPassword({
    mutationFn: requestMaking,
    onSuccess: async (answer: MadeTarget) => {
      setMade(answer)
      setAdminUrl('')
      plan.reset()
      await queryClient.invalidateQueries({ queryKey: targetKeys.saved })
    },
  })
  const body = { role: names.role.trim(), database: names.database.trim(), adminUrl: adminUrl.trim() }
  const isComplete = body.role !== '' && body.database !== '' && /^postgres(ql)?:\/\/.+/.test(body.adminUrl)
  const change = (next: Names) => {
    onNames(next)
    plan.reset()
    make.reset()
    setMade(null)
  }
  const statements = plan.data?.statements.join('\n') ?? null
  return (
    <>
      <CardBody className="flex flex-col gap-4 pt-4">
        <p className="max-w-prose text-ink-soft text-sm">{t('body')}</p>
        <Field label={t('adminUrl')} description={t('adminUrlHint')}>
          <Input
            type="password"
            autoComplete="off"
            spellCheck={false}
            className="font-mono"
            placeholder="postgresql://postgres:password@host:5432/postgres"
            value={adminUrl}
            onValueChange={(next: string) => {
              setAdminUrl(next)
              plan.reset()
              make.reset()
            }}
          />
        </Field>
        <div className="grid gap-4 sm:grid-cols-3">
          <Field label={t('role')}>
            <Input
              className="font-mono"
              spellCheck={false}
              autoComplete="off"
              value={names.role}
              onValueChange={(role: string) => change({ ...names, role })}
            />
          </Field>
          <Field label={t('database')}>
            <Input
              className="font-mono"
              spellCheck={false}
              autoComplete="off"
              value={names.database}
              onValueChange={(database: string) => change({ ...names, database })}
            />
          </Field>
          <Field label={t('name')}>
            <Input value={name} autoComplete="off" onValueChange={(next: string) => setName(next)} />
          </Field>
        </div>
        <div aria-live="polite" className="flex flex-col gap-4 empty:hidden">
          {plan.error ? <ErrorPanel error={plan.error} /> : null}
          {statements === null ? null : (
            <div>
              <p className="mb-1.5 font-medium text-sm">{t('statements')}</p>
              <div className="flex items-start justify-between gap-2 rounded-md border border-line bg-sunken p-2">
                <pre className="min-w-0 whitespace-pre-wrap break-all pt-0.5 font-mono text-xs">{statements}</pre>
                <CopyButton text={statements} label={t('statements')} />
              </div>
            </div>
          )}
          {make.error ? <ErrorPanel error={make.error} announce /> : null}
          {made ? (
            <Callout
              tone={made.inspection.isReady ? 'success' : 'warning'}
              title={t(made.inspection.isReady ? 'made' : 'madeNotReady')}
              live="status"
            >
              <p className="break-all font-mono text-xs">{made.target.label}</p>
              <p className="mt-1">{t('madeBody', { name: made.target.name, count: made.steps.length })}</p>
            </Callout>
          ) : null}
        </div>
      </CardBody>
      <CardFooter>
        <Button disabled={!isComplete} pending={plan.isPending} icon={<FileCode aria-hidden />} onClick={() => plan.mutate(body)}>
          {t('show')}
        </Button>
        <Button
          variant="primary"
          disabled={!isComplete || statements === null}
          pending={make.isPending}
          icon={<Wand aria-hidden />}
          onClick={() => make.mutate({ ...body, name: name.trim() })}
        >
          {t('do')}
        </Button>
        <p className="text-ink-faint text-xs">{t('once')}</p>
      </CardFooter>
      <PasswordDialog {...make.passwordDialog} />
    </>
  )
}
