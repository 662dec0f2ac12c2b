import type { Metadata } from 'next'
import { getTranslations } from 'next-intl/server'
import { requireUserPage } from '@/app/_server/session'
import { Card } from '@/components/ui/card'
import { Tabs } from '@/components/ui/tabs'
import { PageHeading } from '../../page-heading'
import { UploadCvForm } from './upload-cv-form'
import { WriteCvForm } from './write-cv-form'

export async function generateMetadata(): Promise<Metadata> {
  const t = await getTranslations('site.form')
  return { title: t('title') }
}

/** A new CV, written here or uploaded. */
export default async function NewCvPage() {
  await requireUserPage('/cvs/new')
  const t = await getTranslations('site.form')
  return (
    <>
      <PageHeading title={t('title')} lead={t('lead')} />
      <Card aria-label={t('title')}>
        <Tabs
          label={t('ways')}
          items={[
            { value: 'write', label: t('write'), content: <WriteCvForm /> },
            { value: 'upload', label: t('upload'), content: <UploadCvForm /> },
          ]}
        />
      </Card>
    </>
  )
}
