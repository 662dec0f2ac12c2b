import { ArrowLeft } from 'lucide-react'
import type { Metadata } from 'next'
import Link from 'next/link'
import { notFound } from 'next/navigation'
import { getTranslations } from 'next-intl/server'
import { requireUserPage } from '@/app/_server/session'
import { getCvDependencies } from '@/app/api/cvs/cv-dependencies'
import { ErrorPanel } from '@/components/api/error-panel'
import { Card } from '@/components/ui/card'
import { AppError, reportError } from '@/lib/core/errors'
import { openStoredCv } from '@/lib/cvsite/cvs'
import { PageHeading } from '../../page-heading'
import { CvActions } from './cv-actions'
import { CvFacts } from './cv-facts'

interface Props {
  readonly params: Promise<{ id: string }>
}

export async function generateMetadata(): Promise<Metadata> {
  const t = await getTranslations('site.cvs')
  return { title: t('title') }
}

/** One CV, decrypted. */
export default async function CvPage({ params }: Props) {
  const { id } = await params
  const user = await requireUserPage(`/cvs/${encodeURIComponent(id)}`)
  const t = await getTranslations('site.cv')
  const opened = await openOrReport(user.id, id)
  return (
    <>
      <Link href="/" className="mb-4 inline-flex items-center gap-1.5 rounded text-ink-soft text-sm hover:text-ink">
        <ArrowLeft aria-hidden className="size-4" />
        {t('back')}
      </Link>
      {'report' in opened ? (
        <>
          <PageHeading title={t('unreadableTitle')} />
          <ErrorPanel error={opened.report} />
        </>
      ) : (
        <>
          <PageHeading title={<bdi>{opened.cv.title}</bdi>} lead={<CvFacts cv={opened.cv} />} actions={<CvActions cv={opened.cv} />} />
          <Card aria-label={opened.cv.title}>
            {opened.text === null ? (
              <div className="px-5 py-12 text-center">
                <p className="font-medium">{t('pdfTitle')}</p>
                <p className="text-ink-faint text-sm">{t('pdfBody')}</p>
              </div>
            ) : (
              <div dir="auto" className="whitespace-pre-wrap break-words px-4 py-5 text-base leading-6 sm:px-6">
                {opened.text}
              </div>
            )}
          </Card>
        </>
      )}
    </>
  )
}

async function openOrReport(userId: string, id: string) {
  try {
    const { cv, content } = await openStoredCv(await getCvDependencies(), userId, id, 'cv.opened')
    return { cv, text: cv.contentType.startsWith('text/') ? content.toString('utf8') : null }
  } catch (error) {
    if (error instanceof AppError && error.code === 'NOT_FOUND') notFound()
    if (error instanceof AppError && error.code === 'CV_UNREADABLE') return { report: reportError(error) }
    throw error
  }
}
