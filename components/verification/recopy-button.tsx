'use client'

import { useQuery } from '@tanstack/react-query'
import { Copy } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { adminStateQuery } from '@/components/admin/state-queries'
import { ErrorPanel } from '@/components/api/error-panel'
import { PasswordDialog } from '@/components/jobs/password-dialog'
import { useWeightyJob } from '@/components/jobs/use-weighty-job'
import { AlertDialog } from '@/components/ui/alert-dialog'
import { Button } from '@/components/ui/button'

export interface RecopyButtonProps {
  table: string
  /** One row; absent: every row of the table that differs. */
  rowKey?: Readonly<Record<string, string>>
}

/** Copies what differs once more and verifies again. Only while the app has not been switched: later a newer row could be lost. */
export function RecopyButton({ table, rowKey }: RecopyButtonProps) {
  const t = useTranslations('verification.recopy')
  const common = useTranslations('common')
  const { data } = useQuery(adminStateQuery())
  const [open, setOpen] = useState(false)
  const job = useWeightyJob(() => setOpen(false))
  if (data?.state.status !== 'ready-to-switch') return null
  const rows = rowKey === undefined ? undefined : [{ table, key: rowKey }]
  return (
    <>
      <Button size="small" onClick={() => setOpen(true)} icon={<Copy aria-hidden />}>
        {t(rowKey === undefined ? 'table' : 'row')}
      </Button>
      <AlertDialog
        open={open}
        onOpenChange={setOpen}
        title={t(rowKey === undefined ? 'titleTable' : 'titleRow', { table })}
        description={t('body')}
        footer={
          <>
            <Button
              variant="primary"
              pending={job.isPending}
              onClick={() => job.start({ kind: 'recopy', tables: [table], ...(rows ? { rows } : {}) })}
            >
              {t('start')}
            </Button>
            <Button onClick={() => setOpen(false)}>{common('cancel')}</Button>
          </>
        }
      >
        {job.error ? <ErrorPanel error={job.error} announce /> : null}
      </AlertDialog>
      <PasswordDialog {...job.passwordDialog} />
    </>
  )
}
