'use client'

import { Download, Trash2 } from 'lucide-react'
import { useRouter } from 'next/navigation'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { Button } from '@/components/ui/button'
import { buttonClasses } from '@/components/ui/button-classes'
import type { CvView } from '@/lib/cvsite/cvs'
import { DeleteCvDialog } from '../../delete-cv-dialog'

/** What can be done with the CV that is open. */
export function CvActions({ cv }: { cv: CvView }) {
  const t = useTranslations('site.cvs')
  const router = useRouter()
  const [deleting, setDeleting] = useState(false)
  return (
    <>
      <a href={`/api/cvs/${cv.id}/content`} download className={buttonClasses({})}>
        <Download aria-hidden />
        {t('download')}
      </a>
      <Button icon={<Trash2 aria-hidden />} onClick={() => setDeleting(true)}>
        {t('delete')}
      </Button>
      <DeleteCvDialog
        cv={deleting ? cv : null}
        onClose={() => setDeleting(false)}
        onDeleted={() => {
          router.push('/')
          router.refresh()
        }}
      />
    </>
  )
}
