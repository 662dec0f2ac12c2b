import type { Metadata } from 'next'
import { getTranslations } from 'next-intl/server'
import { getContainer } from '@/app/_server/container'
import { requireUserPage } from '@/app/_server/session'
import { Card, CardBody, CardHeader } from '@/components/ui/card'
import { readAccountOverview } from '@/lib/cvsite/account-overview'
import { PageHeading } from '../page-heading'
import { PlanCard } from './plan-card'
import { TransactionTable } from './transaction-table'

export async function generateMetadata(): Promise<Metadata> {
  const t = await getTranslations('site.account')
  return { title: t('title') }
}

/** The person's plan, credits, and where the credits came from and went. */
export default async function AccountPage() {
  const user = await requireUserPage('/account')
  const { appDatabase } = await getContainer()
  const [t, overview] = await Promise.all([getTranslations('site.account'), readAccountOverview(appDatabase, user.id)])
  return (
    <>
      <PageHeading title={t('title')} />
      <div className="grid gap-4 sm:grid-cols-2">
        <PlanCard plan={overview.plan} />
        <Card aria-labelledby="balance">
          <CardHeader title={t('balance')} titleId="balance" description={t('balanceHint')} />
          <CardBody>
            <p className="tabular font-semibold text-3xl">{overview.balance}</p>
          </CardBody>
        </Card>
      </div>
      {/* The table's own region bears the name: two landmarks of one name would be one too many. */}
      <Card className="mt-4">
        <CardHeader title={t('transactions')} />
        <TransactionTable transactions={overview.transactions} />
      </Card>
    </>
  )
}
