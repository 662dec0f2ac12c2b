'use client'

import { zodResolver } from '@hookform/resolvers/zod'
import { useMutation } from '@tanstack/react-query'
import { useTranslations } from 'next-intl'
import { useId } from 'react'
import { useForm } from 'react-hook-form'
import { z } from 'zod'
import { ApiError } from '@/components/api/api-error'
import { useErrorText } from '@/components/api/use-error-text'
import { Button } from '@/components/ui/button'
import { Dialog } from '@/components/ui/dialog'
import { Field } from '@/components/ui/field'
import { Input } from '@/components/ui/input'
import { reauthenticateMutation } from './job-queries'

const formSchema = z.object({ password: z.string().min(1) })

export interface PasswordDialogProps {
  open: boolean
  onOpenChange: (open: boolean) => void
  /** Called once the server has accepted the password. */
  onConfirmed: () => void
}

/** Asks for the password again before a weighty step. */
export function PasswordDialog({ open, onOpenChange, onConfirmed }: PasswordDialogProps) {
  const t = useTranslations('jobs.reauth')
  const common = useTranslations('common')
  const errorText = useErrorText()
  const formId = useId()
  const { register, handleSubmit, formState, reset } = useForm({ resolver: zodResolver(formSchema), defaultValues: { password: '' } })
  const confirm = useMutation({
    ...reauthenticateMutation(),
    onSuccess: () => {
      close(false)
      onConfirmed()
    },
  })
  const close = (next: boolean) => {
    reset()
    confirm.reset()
    onOpenChange(next)
  }
  const refused = confirm.error
  const isWrong = refused instanceof ApiError && refused.status < 429 && refused.status >= 400
  const error = formState.errors.password ? t('required') : refused ? (isWrong ? t('wrong') : errorText(refused).title) : undefined
  return (
    <Dialog
      open={open}
      onOpenChange={close}
      title={t('title')}
      description={t('body')}
      closeLabel={common('close')}
      className="max-w-sm"
      footer={
        <>
          <Button type="submit" form={formId} variant="primary" pending={confirm.isPending}>
            {t('submit')}
          </Button>
          <Button onClick={() => close(false)}>{common('cancel')}</Button>
        </>
      }
    >
      <form id={formId} onSubmit={handleSubmit(({ password }) => confirm.mutate(password))} noValidate>
        <Field label={t('password')} error={error}>
          <Input type="password" autoComplete="current-password" {...register('password')} />
        </Field>
      </form>
    </Dialog>
  )
}
