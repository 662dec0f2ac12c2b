'use client'

import { useMutation } from '@tanstack/react-query'
import { useRouter } from 'next/navigation'
import { useTranslations } from 'next-intl'
import { useRef } from 'react'
import { toast } from 'sonner'
import { ErrorPanel } from '@/components/api/error-panel'
import { AlertDialog } from '@/components/ui/alert-dialog'
import { Button } from '@/components/ui/button'
import { deleteCvMutation } from './site-queries'

export interface DeleteCvDialogProps {
  /** What to delete; null while closed. */
  cv: { readonly id: string; readonly title: string } | null
  onClose: () => void
  /** After it was deleted. Default: the list is shown anew. */
  onDeleted?: () => void
}

/** Asks before a CV is deleted; a refusal is said in the dialog, and nothing was deleted then. */
export function DeleteCvDialog({ cv, onClose, onDeleted }: DeleteCvDialogProps) {
  const t = useTranslations('site.deletion')
  const router = useRouter()
  const keep = useRef<HTMLButtonElement>(null)
  const deletion = useMutation(deleteCvMutation())
  const close = () => {
    deletion.reset()
    onClose()
  }
  const confirm = () => {
    if (!cv) return
    deletion.mutate(cv.id, {
      onSuccess: () => {
        toast.success(t('done', { title: cv.title }))
        close()
        if (onDeleted) onDeleted()
        else router.refresh()
      },
    })
  }
  return (
    <AlertDialog
      open={cv !== null}
      onOpenChange={(open) => (open ? undefined : close())}
      title={<span className="break-words">{t('title', { title: cv?.title ?? '' })}</span>}
      description={t('body')}
      initialFocus={keep}
      footer={
        <>
          <Button variant="danger" pending={deletion.isPending} onClick={confirm}>
            {t('confirm')}
          </Button>
          <Button ref={keep} onClick={close}>
            {t('cancel')}
          </Button>
        </>
      }
    >
      {deletion.error ? <ErrorPanel error={deletion.error} announce /> : undefined}
    </AlertDialog>
  )
}
