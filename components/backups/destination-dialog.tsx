'use client'

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { FlaskConical } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { ErrorPanel } from '@/components/api/error-panel'
import { PasswordDialog } from '@/components/jobs/password-dialog'
import { useWithPassword } from '@/components/jobs/use-with-password'
import { Button } from '@/components/ui/button'
import { Checkbox } from '@/components/ui/checkbox'
import { Dialog } from '@/components/ui/dialog'
import { Field } from '@/components/ui/field'
import { InSight } from '@/components/ui/in-sight'
import { Input } from '@/components/ui/input'
import { RadioCards } from '@/components/ui/radio-cards'
import type { DestinationView } from '@/lib/backup/destinations/destination'
import { refreshBackups } from './backup-queries'
import { type DestinationDraft, draftOf, isKeptSecret, problemsOf, toInput } from './destination-draft'
import { saveDestination, testDestinationMutation } from './destination-queries'
import { DestinationTestResult } from './destination-test'

const kinds = ['s3', 'folder'] as const

/** Adds a destination (null) or changes one; it can be tested as it stands before it is saved. */
export function DestinationDialog({ destination, onClose }: { destination: DestinationView | null; onClose: () => void }) {
  const t = useTranslations('backups.destinations.form')
  const words = useTranslations('backups.destinations')
  const common = useTranslations('common')
  const queryClient = useQueryClient()
  const [draft, setDraft] = useState<DestinationDraft>(() => draftOf(destination))
  const [wasTried, setWasTried] = useState(false)
  const id = destination?.id ?? null
  const save = useWithPassword({
    mutationFn: saveDestination,
    onSuccess: () => {
      void refreshBackups(queryClient)
      onClose()
    },
  })
  const test = useMutation(testDestinationMutation())
  const set = (changes: Partial<DestinationDraft>) => {
    setDraft({ ...draft, ...changes })
    test.reset()
  }
  const problems = problemsOf(draft, destination)
  const errorOf = (name: keyof DestinationDraft) => (wasTried && problems.has(name) ? t('required') : undefined)
  const run = (action: (input: ReturnType<typeof toInput>) => void) => {
    setWasTried(true)
    if (problems.size === 0) action(toInput(draft))
  }
  const text = (name: 'name' | 'path' | 'endpoint' | 'region' | 'bucket' | 'prefix' | 'accessKeyId', description?: string, mono = true) => (
    <Field label={t(name)} {...(description === undefined ? {} : { description })} error={errorOf(name)}>
      <Input
        value={draft[name]}
        onValueChange={(value: string) => set({ [name]: value })}
        autoComplete="off"
        autoCapitalize="off"
        spellCheck={false}
        {...(mono ? { className: 'font-mono' } : {})}
      />
    </Field>
  )
  return (
    <>
      <Dialog
        open
        onOpenChange={(open) => {
          if (!open) onClose()
        }}
        title={t(destination === null ? 'addTitle' : 'editTitle')}
        description={t('body')}
        closeLabel={common('close')}
        footer={
          <>
            <Button variant="primary" pending={save.isPending} onClick={() => run((input) => save.mutate({ id, input }))}>
              {t('save')}
            </Button>
            <Button
              pending={test.isPending}
              onClick={() => run((input) => test.mutate({ id, destination: input }))}
              icon={<FlaskConical aria-hidden />}
            >
              {words('test')}
            </Button>
            <Button variant="quiet" onClick={onClose}>
              {common('cancel')}
            </Button>
          </>
        }
      >
        <div className="flex flex-col gap-4">
          {destination === null ? (
            <RadioCards
              label={t('kind')}
              value={draft.kind}
              onChange={(kind) => set({ kind })}
              items={kinds.map((value) => ({ value, label: t(`kinds.${value}.label`), description: t(`kinds.${value}.body`) }))}
            />
          ) : null}
          {text('name', t('nameBody'), false)}
          {draft.kind === 'folder' ? (
            text('path', t('pathBody'))
          ) : (
            <>
              {text('endpoint', t('endpointBody'))}
              {text('region', t('regionBody'))}
              {text('bucket')}
              {text('prefix', t('prefixBody'))}
              {text('accessKeyId')}
              <Field
                label={t('secret')}
                description={t(isKeptSecret(draft, destination) ? 'secretKept' : 'secretBody')}
                error={errorOf('secretAccessKey')}
              >
                <Input
                  type="password"
                  autoComplete="off"
                  value={draft.secretAccessKey}
                  onValueChange={(secretAccessKey: string) => set({ secretAccessKey })}
                />
              </Field>
              <Checkbox
                checked={draft.pathStyle}
                onCheckedChange={(pathStyle) => set({ pathStyle })}
                label={t('pathStyle')}
                description={t('pathStyleBody')}
              />
            </>
          )}
          <Checkbox checked={draft.enabled} onCheckedChange={(enabled) => set({ enabled })} label={t('use')} />
          <Checkbox checked={draft.prunes} onCheckedChange={(prunes) => set({ prunes })} label={t('keep')} description={t('keepBody')} />
          {draft.prunes ? (
            <div className="grid grid-cols-2 gap-3 pl-6.5">
              {(['keepLast', 'monthly'] as const).map((name) => (
                <Field key={name} label={t(name === 'keepLast' ? 'last' : 'monthly')} error={errorOf(name)}>
                  <Input inputMode="numeric" value={draft[name]} onValueChange={(value: string) => set({ [name]: value })} />
                </Field>
              ))}
            </div>
          ) : null}
          {wasTried && problems.size > 0 ? (
            <p role="alert" className="text-danger-ink text-sm">
              {t('problem')}
            </p>
          ) : null}
          {test.error ? <ErrorPanel error={test.error} announce /> : null}
          {test.data ? (
            <InSight>
              <DestinationTestResult test={test.data.test} />
            </InSight>
          ) : null}
          {save.error ? <ErrorPanel error={save.error} announce /> : null}
        </div>
      </Dialog>
      <PasswordDialog {...save.passwordDialog} />
    </>
  )
}
