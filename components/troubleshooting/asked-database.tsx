'use client'

import { zodResolver } from '@hookform/resolvers/zod'
import { useQuery } from '@tanstack/react-query'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { useForm } from 'react-hook-form'
import { adminStateQuery } from '@/components/admin/state-queries'
import type { TargetChoice } from '@/components/jobs/job-queries'
import { TargetFields } from '@/components/migration/target-fields'
import { choiceOf, type TargetForm, targetFormSchema } from '@/components/migration/target-form-schema'
import { Button } from '@/components/ui/button'
import { Dialog } from '@/components/ui/dialog'

export interface AskedDatabaseProps {
  target: TargetChoice | null
  onChange: (target: TargetChoice | null) => void
}

/** Which database the tests ask: the app's own, or another one by its address. */
export function AskedDatabase({ target, onChange }: AskedDatabaseProps) {
  const t = useTranslations('troubleshooting.asked')
  const common = useTranslations('common')
  const { data: state } = useQuery(adminStateQuery())
  const [open, setOpen] = useState(false)
  const environmentTarget = state?.environmentTargetLabel ?? null
  const form = useForm<TargetForm>({
    resolver: zodResolver(targetFormSchema),
    defaultValues: { from: environmentTarget === null ? 'form' : 'environment', url: '' },
  })
  return (
    <div className="flex flex-wrap items-center gap-x-3 gap-y-2 text-sm">
      <span className="text-ink-soft">{target === null ? t(state?.engine === 'postgresql' ? 'postgresql' : 'sqlite') : t('other')}</span>
      {target === null ? null : (
        <Button size="small" onClick={() => onChange(null)}>
          {t('back')}
        </Button>
      )}
      <Button size="small" onClick={() => setOpen(true)}>
        {t('choose')}
      </Button>
      <Dialog open={open} onOpenChange={setOpen} title={t('choose')} description={t('body')} closeLabel={common('close')}>
        <form
          noValidate
          className="flex flex-col gap-4"
          onSubmit={form.handleSubmit((values) => {
            onChange(choiceOf(values))
            setOpen(false)
          })}
        >
          <TargetFields form={form} environmentTarget={environmentTarget} onChange={() => undefined} />
          <Button type="submit" variant="primary" className="w-fit">
            {t('use')}
          </Button>
        </form>
      </Dialog>
    </div>
  )
}
