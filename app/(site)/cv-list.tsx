'use client'

import { Download, FileText, FileType, Trash2 } from 'lucide-react'
import Link from 'next/link'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { useFormatters } from '@/components/format/use-formatters'
import { Button } from '@/components/ui/button'
import { buttonClasses } from '@/components/ui/button-classes'
import { EmptyState } from '@/components/ui/empty-state'
import type { CvView } from '@/lib/cvsite/cvs'
import { kindOf } from './cv-kind'
import { DeleteCvDialog } from './delete-cv-dialog'
import { LocalDate } from './local-date'

/** The CVs one below the other: open, download, delete. */
export function CvList({ cvs }: { cvs: readonly CvView[] }) {
  const t = useTranslations('site.cvs')
  const format = useFormatters()
  const [deleting, setDeleting] = useState<CvView | null>(null)
  if (cvs.length === 0) {
    return (
      <EmptyState icon={<FileText />} title={t('emptyTitle')}>
        {t('emptyBody')}
      </EmptyState>
    )
  }
  return (
    <>
      <ul className="divide-y divide-line">
        {cvs.map((cv) => (
          <li key={cv.id} className="flex items-center gap-3 px-4 py-3 sm:px-5">
            <span aria-hidden className="grid size-9 shrink-0 place-items-center rounded-md bg-sunken text-ink-faint [&_svg]:size-4.5">
              {cv.contentType === 'application/pdf' ? <FileType /> : <FileText />}
            </span>
            <div className="min-w-0 flex-1">
              {/* Opening one leaves a trace: only a press may do it, not the prefetching of what is in view. */}
              <Link href={`/cvs/${cv.id}`} prefetch={false} className="block truncate rounded font-medium hover:underline">
                <bdi>{cv.title}</bdi>
              </Link>
              <p className="flex flex-wrap gap-x-2 text-ink-faint text-xs">
                <span>{t(`kinds.${kindOf(cv.contentType)}`)}</span>
                <span>{t(`sources.${cv.source}`)}</span>
                <span>{format.bytes(cv.sizeBytes)}</span>
                <LocalDate iso={cv.createdAt} />
                {cv.matchScore === null ? null : <span>{t('match', { share: format.percent(cv.matchScore) })}</span>}
              </p>
            </div>
            <a
              href={`/api/cvs/${cv.id}/content`}
              download
              aria-label={t('downloadNamed', { title: cv.title })}
              title={t('download')}
              className={buttonClasses({ variant: 'quiet', size: 'icon' })}
            >
              <Download aria-hidden />
            </a>
            <Button
              variant="quiet"
              size="icon"
              aria-label={t('deleteNamed', { title: cv.title })}
              title={t('delete')}
              icon={<Trash2 aria-hidden />}
              onClick={() => setDeleting(cv)}
            />
          </li>
        ))}
      </ul>
      <DeleteCvDialog cv={deleting} onClose={() => setDeleting(null)} />
    </>
  )
}
