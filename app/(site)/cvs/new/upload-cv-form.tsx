'use client'

import { useTranslations } from 'next-intl'
import { type FormEvent, useState } from 'react'
import { Button, LinkButton } from '@/components/ui/button'
import { Field } from '@/components/ui/field'
import { Input } from '@/components/ui/input'
import { AddError } from './add-error'
import { useAddCv } from './use-add-cv'

/** As the server has it; said before five megabytes travel for nothing. */
const maxFileBytes = 5 * 1024 * 1024

/** A CV from a file. */
export function UploadCvForm() {
  const t = useTranslations('site.form')
  const add = useAddCv()
  const [title, setTitle] = useState('')
  const [file, setFile] = useState<File | null>(null)
  const [problem, setProblem] = useState<'fileMissing' | 'fileTooLarge' | null>(null)
  const choose = (chosen: File | null) => {
    setFile(chosen)
    setProblem(chosen && chosen.size > maxFileBytes ? 'fileTooLarge' : null)
    add.reset()
  }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (!file) setProblem('fileMissing')
    else if (file.size <= maxFileBytes) add.mutate({ way: 'upload', title, file })
  }
  return (
    <form onSubmit={submit} noValidate className="flex flex-col gap-4 p-4 sm:p-5">
      <Field label={t('file')} description={t('fileHint')} error={problem && t(problem)}>
        <Input
          type="file"
          accept=".txt,.md,.markdown,.pdf,text/plain,text/markdown,application/pdf"
          className="h-auto! cursor-pointer py-1.5 file:mr-3 file:rounded file:border-0 file:bg-sunken file:px-2.5 file:py-1 file:font-medium file:text-ink"
          onChange={(event) => choose(event.target.files?.[0] ?? null)}
        />
      </Field>
      <Field label={t('cvTitleOptional')} description={t('cvTitleFromFile')}>
        <Input autoComplete="off" maxLength={120} value={title} onChange={(event) => setTitle(event.target.value)} />
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
