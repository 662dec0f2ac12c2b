'use client'

import { zodResolver } from '@hookform/resolvers/zod'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { PlugZap, Save } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { type FieldPath, useForm } from 'react-hook-form'
import { toast } from 'sonner'
import { ErrorPanel } from '@/components/api/error-panel'
import { testTargetMutation } from '@/components/migration/migration-queries'
import { TargetChecks } from '@/components/migration/target-checks'
import { Button } from '@/components/ui/button'
import { CardBody, CardFooter } from '@/components/ui/card'
import { Field } from '@/components/ui/field'
import { Input } from '@/components/ui/input'
import { Segments } from '@/components/ui/segments'
import { Textarea } from '@/components/ui/textarea'
import { saveTargetMutation } from './target-queries'
import { emptyParts, type TargetParts, targetPartsSchema, tlsModes, urlOfParts } from './target-url-form'

/** "I have one": the address in parts or pasted, tested, and kept sealed. */
export function HaveOne() {
  const t = useTranslations('targets.have')
  const queryClient = useQueryClient()
  const form = useForm<TargetParts>({ resolver: zodResolver(targetPartsSchema), defaultValues: emptyParts })
  const test = useMutation(testTargetMutation())
  const save = useMutation({
    ...saveTargetMutation(queryClient),
    onSuccess: ({ target }) => {
      toast.success(t('saved', { name: target.name }))
      // The password is not kept in the page either.
      form.reset(emptyParts)
      test.reset()
    },
  })
  const way = form.watch('way')
  const tls = form.watch('tls')
  const forget = () => {
    test.reset()
    save.reset()
  }
  const field = (name: FieldPath<TargetParts>, props: { type?: string; className?: string; placeholder?: string; hint?: string } = {}) => {
    const problem = form.formState.errors[name]?.message
    return (
      <Field
        label={t(`fields.${name as 'host'}`)}
        {...(props.hint === undefined ? {} : { description: props.hint })}
        error={problem === undefined ? undefined : t(`problems.${problem as 'required'}`)}
        {...(props.className === undefined ? {} : { className: props.className })}
      >
        <Input
          type={props.type ?? 'text'}
          autoComplete="off"
          spellCheck={false}
          className={name === 'name' ? '' : 'font-mono'}
          {...(props.placeholder === undefined ? {} : { placeholder: props.placeholder })}
          {...form.register(name, { onChange: forget })}
        />
      </Field>
    )
  }
  return (
    <form noValidate onSubmit={form.handleSubmit((values) => save.mutate({ name: values.name, url: urlOfParts(values) }))}>
      <CardBody className="flex flex-col gap-4 pt-4">
        {field('name', { hint: t('nameHint'), className: 'sm:max-w-sm' })}
        <Segments
          label={t('way')}
          value={way}
          onChange={(next) => {
            form.setValue('way', next)
            form.clearErrors()
            forget()
          }}
          items={[
            { value: 'parts', label: t('parts') },
            { value: 'url', label: t('url') },
          ]}
        />
        {way === 'url' ? (
          field('url', { type: 'password', placeholder: 'postgresql://user:password@host:5432/database', hint: t('urlHint') })
        ) : (
          <>
            <div className="grid gap-4 sm:grid-cols-[minmax(0,1fr)_7rem]">
              {field('host', { placeholder: 'db.example.org' })}
              {field('port')}
            </div>
            <div className="grid gap-4 sm:grid-cols-2">
              {field('user')}
              {field('password', { type: 'password' })}
              {field('database')}
              {field('schema')}
            </div>
            <div className="flex flex-col gap-1.5">
              <span className="font-medium text-sm">{t('tls')}</span>
              <Segments
                label={t('tls')}
                value={tls}
                onChange={(next) => {
                  form.setValue('tls', next)
                  forget()
                }}
                items={tlsModes.map((value) => ({ value, label: value }))}
              />
              <p className="text-ink-faint text-xs">{t(`tlsHints.${tls}`)}</p>
            </div>
            {tls === 'verify-ca' || tls === 'verify-full' ? (
              <Field
                label={t('fields.ca')}
                description={t('caHint')}
                error={form.formState.errors.ca?.message ? t(`problems.${form.formState.errors.ca.message as 'ca'}`) : undefined}
              >
                <Textarea
                  rows={4}
                  className="font-mono text-xs"
                  spellCheck={false}
                  placeholder="-----BEGIN CERTIFICATE-----"
                  {...form.register('ca', { onChange: forget })}
                />
              </Field>
            ) : null}
          </>
        )}
        <div aria-live="polite" className="flex flex-col gap-4 empty:hidden">
          {test.error ? <ErrorPanel error={test.error} /> : null}
          {test.data ? <TargetChecks inspection={test.data} /> : null}
          {save.error ? <ErrorPanel error={save.error} announce /> : null}
        </div>
      </CardBody>
      <CardFooter>
        <Button
          pending={test.isPending}
          icon={<PlugZap aria-hidden />}
          onClick={() => void form.handleSubmit((values) => test.mutate({ from: 'form', url: urlOfParts(values) }))()}
        >
          {t('test')}
        </Button>
        <Button type="submit" variant="primary" pending={save.isPending} icon={<Save aria-hidden />}>
          {t('save')}
        </Button>
        <p className="text-ink-faint text-xs">{t('sealed')}</p>
      </CardFooter>
    </form>
  )
}
