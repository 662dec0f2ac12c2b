'use client'

import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { PageHeader } from '@/components/admin/page-header'
import { Card, CardHeader } from '@/components/ui/card'
import { Tabs } from '@/components/ui/tabs'
import { HaveOne } from './have-one'
import type { InstructionNames as Names } from './instructions'
import { MakeOne } from './make-one'
import { SavedTargets } from './saved-targets'
import { TellMeHow } from './tell-me-how'

/** Three ways to a PostgreSQL database: have one, have one made, be told how; and those that are kept. */
export function TargetsPage() {
  const t = useTranslations('targets')
  const [names, setNames] = useState<Names>({ role: 'cvsite_user', database: 'cvsite_prod', host: 'localhost' })
  return (
    <>
      <PageHeader title={t('title')} description={t('description')} />
      <div className="flex flex-col gap-4">
        <SavedTargets />
        <Card aria-labelledby="new-target" className="overflow-hidden">
          <CardHeader title={t('new')} titleId="new-target" />
          <Tabs
            label={t('ways')}
            items={[
              { value: 'have', label: t('have.title'), content: <HaveOne /> },
              { value: 'make', label: t('make.title'), content: <MakeOne names={names} onNames={setNames} /> },
              { value: 'tell', label: t('tell.title'), content: <TellMeHow names={names} onNames={setNames} /> },
            ]}
          />
        </Card>
      </div>
    </>
  )
}
