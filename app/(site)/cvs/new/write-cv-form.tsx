'use client'

import { zodResolver } from '@hookform/resolvers/zod'
import { useTranslations } from 'next-intl'
import { useEffect } from 'react'
import { useForm } from 'react-hook-form'
import { z } from 'zod'
import { Button, LinkButton } from '@/components/ui/button'
import { Field } from '@/components/ui/field'
import { Input } from '@/components/ui/input'
import { Textarea } from '@/components/ui/textarea'
import { AddError } from './add-error'
import { useAddCv } from './use-add-cv'

const formSchema = z.object({
  title: z.string().trim().min(1).max(120),
  text: z.string().refine((text) => text.trim() !== ''),
})
const draftKey = 'cvsite.draft'

/** A CV typed here. The draft is kept in this tab, so that a reload or an ended session loses nothing of it. */
export function WriteCvForm() {
  const t = useTranslations('site.form')
  const { register, handleSubmit, formState, watch, reset } = useForm({
    resolver: zodResolver(formSchema),
    defaultValues: { title: '', text: '' },
  })
  const add = useAddCv(() => sessionStorage.removeItem(draftKey))
  useEffect(() => {
    const kept = formSchema.partial().safeParse(JSON.parse(sessionStorage.getItem(draftKey) ?? 'null') ?? {})
    if (kept.success) reset({ title: kept.data.title ?? '', text: kept.data.text ?? '' })
    const subscription = watch(({ title, text }) =>
      sessionStorage.setItem(draftKey, JSON.stringify({ title: title || undefined, text: text || undefined })),
    )
    return () => subscription.unsubscribe()
  }, [reset, watch])
  return (
    <form
      onSubmit={handleSubmit(({ title, text }) => add.mutate({ way: 'write', title, text }))}
      noValidate
      className="flex flex-col gap-4 p-4 sm:p-5"
    >
      <Field label={t('cvTitle')} description={t('cvTitleHint')} error={formState.errors.title && t('cvTitleMissing')}>
        <Input autoComplete="off" maxLength={120} {...register('title')} />
      </Field>
      <Field label={t('text')} description={t('textHint')} error={formState.errors.text && t('textMissing')}>
        <Textarea rows={14} className="resize-y font-mono" {...register('text')} />
      </Field>
      {add.error ? <AddError error={add.error} /> : null}
      <div className="flex flex-wrap gap-2">
        <Button type="submit" variant="primary" pending={add.isPending}>
          {t('save')}
        </Button>
        <LinkButton href="/">{t('cancel')}</LinkButton>
      </div>
    </form>
  )
}
