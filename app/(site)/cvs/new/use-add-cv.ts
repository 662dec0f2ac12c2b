'use client'

import { useMutation } from '@tanstack/react-query'
import { useRouter } from 'next/navigation'
import { useTranslations } from 'next-intl'
import { toast } from 'sonner'
import { addCvMutation } from '../../site-queries'

/** Saves a draft and goes to the list. When it is refused the form stays as it is, with everything in it. */
export function useAddCv(onSaved: () => void = () => undefined) {
  const t = useTranslations('site.form')
  const router = useRouter()
  return useMutation({
    ...addCvMutation(),
    onSuccess: ({ cv }) => {
      onSaved()
      toast.success(t('saved', { title: cv.title }))
      router.push('/')
      router.refresh()
    },
  })
}
