'use client'

import { useQueryClient } from '@tanstack/react-query'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { toast } from 'sonner'
import { ExplainLink } from '@/components/api/explain-link'
import { useErrorText } from '@/components/api/use-error-text'
import { PasswordDialog } from '@/components/jobs/password-dialog'
import { useWithPassword } from '@/components/jobs/use-with-password'
import { AlertDialog } from '@/components/ui/alert-dialog'
import { Button } from '@/components/ui/button'
import type { MaintenanceOperation, MaintenanceRequest } from '@/lib/core/maintenance-operations'
import { refreshDatabase, startMaintenance } from './database-queries'

/** What is asked about before: it takes something away, or the app cannot write while it runs. */
const asked: ReadonlySet<MaintenanceOperation> = new Set(['drop-index', 'vacuum-file'])

export interface MaintenanceButtonProps {
  request: MaintenanceRequest
  /** Default: the operation's own. */
  label?: string
  /** What it is done to, for its accessible name where several buttons say the same. */
  subject?: string
  /** Shown when it is asked about. */
  sql?: string | null
  variant?: 'primary' | 'secondary'
  size?: 'small' | 'medium'
  disabled?: boolean
}

/** Queues maintenance, after asking where it is weighty. */
export function MaintenanceButton({
  request,
  label,
  subject,
  sql = null,
  variant = 'secondary',
  size = 'small',
  disabled = false,
}: MaintenanceButtonProps) {
  const t = useTranslations('database')
  const common = useTranslations('common')
  const errorText = useErrorText()
  const queryClient = useQueryClient()
  const [open, setOpen] = useState(false)
  const { operation } = request
  const start = useWithPassword({
    mutationFn: startMaintenance,
    onSuccess: () => {
      toast.success(t('queued', { name: t(`operations.${operation}.name`) }))
      void refreshDatabase(queryClient)
    },
  })
  const name = label ?? t(`operations.${operation}.button`)
  const isAsked = asked.has(operation)
  const press = () => (isAsked ? setOpen(true) : start.mutate(request))
  const error = start.error ? errorText(start.error) : null
  return (
    <>
      <Button
        size={size}
        variant={variant}
        pending={start.isPending}
        disabled={disabled}
        onClick={press}
        aria-label={subject === undefined ? undefined : `${name}: ${subject}`}
      >
        {name}
      </Button>
      {error ? (
        <span role="alert" className="text-danger-ink text-xs">
          {error.title} {error.hint} <ExplainLink code={error.code} />
        </span>
      ) : null}
      <AlertDialog
        open={open}
        onOpenChange={setOpen}
        title={t(`operations.${operation}.name`)}
        description={t(`operations.${operation}.body`)}
        footer={
          <>
            <Button
              variant={operation === 'drop-index' ? 'danger' : 'primary'}
              onClick={() => {
                setOpen(false)
                start.mutate(request)
              }}
            >
              {name}
            </Button>
            <Button onClick={() => setOpen(false)}>{common('cancel')}</Button>
          </>
        }
      >
        {sql === null ? null : (
          <pre className="whitespace-pre-wrap break-all rounded-md border border-line bg-sunken p-2 font-mono text-xs">{sql}</pre>
        )}
      </AlertDialog>
      <PasswordDialog {...start.passwordDialog} />
    </>
  )
}
