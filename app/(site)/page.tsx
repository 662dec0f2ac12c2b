import { Plus } from 'lucide-react'
import type { Metadata } from 'next'
import { getTranslations } from 'next-intl/server'
import { getContainer } from '@/app/_server/container'
import { requireUserPage } from '@/app/_server/session'
import { LinkButton } from '@/components/ui/button'
import { Card } from '@/components/ui/card'
import { readAccountOverview } from '@/lib/cvsite/account-overview'
import { listCvs } from '@/lib/cvsite/cvs'
import { CvList } from './cv-list'
import { PageHeading } from './page-heading'

export async function generateMetadata(): Promise<Metadata> {
  const t = await getTranslations('site.cvs')
  return { title: t('title') }
}

/** The start page: the person's CVs. */
export default async function CvsPage() {
  const user = await requireUserPage('/')
  const { appDatabase } = await getContainer()
  const [t, cvs, { balance }] = await Promise.all([
    getTranslations('site.cvs'),
    listCvs({ database: appDatabase }, user.id),
    readAccountOverview(appDatabase, user.id),
  ])
  return (
    <>
      <PageHeading
        title={t('title')}
        lead={t('lead')}
        actions={
          <LinkButton href="/cvs/new" variant="primary" icon={<Plus aria-hidden />}>
            {t('add')}
          </LinkButton>
        }
      />
      <p className="mb-3 text-ink-faint text-sm">
        {t('count', { count: cvs.length })} · {t('creditsLeft', { count: balance })}
      </p>
      <Card aria-label={t('title')}>
        <CvList cvs={cvs} />
      </Card>
    </>
  )
}
