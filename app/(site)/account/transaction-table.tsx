'use client'

import { useTranslations } from 'next-intl'
import { useFormatters } from '@/components/format/use-formatters'
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from '@/components/ui/table'
import type { CreditTransactionView } from '@/lib/cvsite/account-overview'
import { LocalDate } from '../local-date'

/** The latest entries of the credit ledger. */
export function TransactionTable({ transactions }: { transactions: readonly CreditTransactionView[] }) {
  const t = useTranslations('site.account')
  const format = useFormatters()
  if (transactions.length === 0) return <p className="px-4 pb-5 text-ink-faint text-sm sm:px-5">{t('noTransactions')}</p>
  return (
    <Table label={t('transactions')}>
      <TableHead>
        <TableRow>
          <TableHeader>{t('date')}</TableHeader>
          <TableHeader>{t('reason')}</TableHeader>
          <TableHeader className="max-sm:hidden">{t('note')}</TableHeader>
          <TableHeader className="text-right">{t('amount')}</TableHeader>
        </TableRow>
      </TableHead>
      <TableBody>
        {transactions.map(({ id, createdAt, reason, note, amount }) => (
          <TableRow key={id}>
            <TableCell className="whitespace-nowrap text-ink-soft">
              <LocalDate iso={createdAt} />
            </TableCell>
            <TableCell className="whitespace-nowrap">{t(`reasons.${reason}`)}</TableCell>
            <TableCell className="max-w-60 truncate text-ink-soft max-sm:hidden">
              <bdi>{note}</bdi>
            </TableCell>
            <TableCell className="tabular text-right font-medium">{format.signed(amount)}</TableCell>
          </TableRow>
        ))}
      </TableBody>
    </Table>
  )
}
