'use client'

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { ArrowRightLeft } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { useMemo, useState } from 'react'
import { ErrorPanel } from '@/components/api/error-panel'
import { useFormatters } from '@/components/format/use-formatters'
import { AlertDialog } from '@/components/ui/alert-dialog'
import { Button } from '@/components/ui/button'
import { Card, CardBody, CardFooter, CardHeader } from '@/components/ui/card'
import type { Finding } from '@/lib/core/finding'
import { choicesOf, isComplete, type RepairAnswers, readQuestions } from './repair-plan'
import { migrateWithRepairsMutation } from './repair-queries'
import { RepairQuestion } from './repair-question'
import { useRepairText } from './use-repair-text'

export interface RepairChoicesProps {
  /** The migration that was refused. */
  jobId: string
  findings: readonly Finding[]
}

/** After the checks refused: what is to become of the rows, each finding on its own, and the same migration with that. */
export function RepairChoices({ jobId, findings }: RepairChoicesProps) {
  const t = useTranslations('migration.repairs')
  const common = useTranslations('common')
  const text = useRepairText()
  const format = useFormatters()
  const queryClient = useQueryClient()
  const { questions, chosen } = useMemo(() => readQuestions(findings), [findings])
  const [changed, setChanged] = useState<Readonly<Record<string, string | null>>>({})
  const [asks, setAsks] = useState(false)
  const start = useMutation(migrateWithRepairsMutation(queryClient))
  const answers: RepairAnswers = Object.fromEntries(
    Object.entries({ ...chosen, ...changed }).flatMap(([id, choice]) => (choice === null ? [] : [[id, choice]])),
  )
  if (!questions.some(({ kind }) => kind !== null)) return null
  const open = questions.filter(({ id }) => answers[id] === undefined).length
  const canStart = isComplete(questions, answers)
  return (
    <Card aria-labelledby="repairs">
      <CardHeader title={t('title')} titleId="repairs" description={t('description')} />
      <div className="divide-y divide-line border-line border-t">
        {questions.map((question) => (
          <RepairQuestion
            key={question.id}
            question={question}
            value={answers[question.id]}
            onChange={(choice) => setChanged((before) => ({ ...before, [question.id]: choice ?? null }))}
          />
        ))}
      </div>
      {start.error ? (
        <CardBody className="pt-4">
          <ErrorPanel error={start.error} announce />
        </CardBody>
      ) : null}
      <CardFooter className="max-sm:flex-col max-sm:items-stretch">
        <Button
          variant="primary"
          disabled={!canStart}
          pending={start.isPending}
          onClick={() => setAsks(true)}
          aria-describedby="repairs-open"
          icon={<ArrowRightLeft aria-hidden />}
        >
          {t('start')}
        </Button>
        <p id="repairs-open" className="text-ink-faint text-sm" role="status">
          {canStart ? t('ready') : t('open', { count: open })}
        </p>
      </CardFooter>
      <AlertDialog
        open={asks}
        onOpenChange={setAsks}
        title={t('confirm.title')}
        description={t('confirm.body')}
        footer={
          <>
            <Button
              variant="primary"
              onClick={() => {
                setAsks(false)
                start.mutate({ jobId, choices: choicesOf(questions, answers) })
              }}
            >
              {t('start')}
            </Button>
            <Button onClick={() => setAsks(false)}>{common('cancel')}</Button>
          </>
        }
      >
        <ul className="flex max-h-72 flex-col gap-2 overflow-y-auto text-sm">
          {questions.map(({ id, finding, kind }) => {
            const choice = answers[id]
            return kind === null || choice === undefined ? null : (
              <li key={id} className="rounded-md bg-sunken px-3 py-2">
                <p className="break-all font-medium">
                  {[finding.table, finding.column].filter((part) => part !== null).join('.')} ·{' '}
                  {t('rows', { count: finding.count, shown: format.number(finding.count) })}
                </p>
                <p className="text-ink-soft">{text.choice(kind, choice)}</p>
              </li>
            )
          })}
        </ul>
      </AlertDialog>
    </Card>
  )
}
