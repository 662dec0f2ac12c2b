'use client'

import { Stethoscope } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { useEffect, useRef, useState } from 'react'
import { ErrorPanel } from '@/components/api/error-panel'
import type { TargetChoice } from '@/components/jobs/job-queries'
import { Button } from '@/components/ui/button'
import { Card, CardBody } from '@/components/ui/card'
import { Progress } from '@/components/ui/progress'
import { entries } from '@/lib/troubleshooting/catalogue'
import type { Diagnosis } from '@/lib/troubleshooting/diagnosis'
import { requestTest } from './troubleshooting-queries'
import { useEntryWords } from './use-entry-words'

export interface TestAllProps {
  target: TargetChoice | null
  onStart: () => void
  onDiagnosis: (id: string, diagnosis: Diagnosis) => void
}

/** Entries whose test says more than that only the request itself could tell. */
const testable = entries.filter(({ test }) => test !== 'request' && test !== 'confirmation')

/** Tests at once: most wait for a server, and a slow one holds up one lane alone. */
const lanes = 3

interface Run {
  readonly done: number
  readonly is: readonly string[]
  readonly unknown: number
  readonly running: boolean
  readonly error: unknown
}

/** "What is wrong now?": every test, one after the other, and what they came to. */
export function TestAll({ target, onStart, onDiagnosis }: TestAllProps) {
  const t = useTranslations('troubleshooting.all')
  const { words } = useEntryWords()
  const [run, setRun] = useState<Run | null>(null)
  const stop = useRef<AbortController | null>(null)
  useEffect(() => () => stop.current?.abort(), [])

  const start = async () => {
    const controller = new AbortController()
    stop.current = controller
    onStart()
    let state: Run = { done: 0, is: [], unknown: 0, running: true, error: null }
    setRun(state)
    const waiting = testable.map(({ id }) => id)
    const lane = async () => {
      for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) {
        const diagnosis = await requestTest({ entry: id, ...(target === null ? {} : { target }) }, controller.signal)
        onDiagnosis(id, diagnosis)
        state = {
          ...state,
          done: state.done + 1,
          is: diagnosis.outcome === 'is' ? [...state.is, id] : state.is,
          unknown: state.unknown + (diagnosis.outcome === 'unknown' ? 1 : 0),
        }
        setRun(state)
      }
    }
    try {
      await Promise.all(Array.from({ length: lanes }, lane))
    } catch (error) {
      const isGone = controller.signal.aborted
      controller.abort()
      if (!isGone) setRun({ ...state, running: false, error })
      return
    }
    setRun({ ...state, running: false })
  }

  return (
    <Card aria-labelledby="test-all">
      <CardBody className="flex flex-wrap items-center gap-x-4 gap-y-3 pt-4">
        <div className="min-w-0 flex-1 basis-64">
          <h2 id="test-all" className="font-semibold text-base">
            {t('title')}
          </h2>
          <div role="status" className="text-ink-soft text-sm">
            {run === null ? t('body', { count: testable.length }) : null}
            {run && !run.running && run.error === null ? (
              <>
                <p>{t('result', { count: run.is.length, total: run.done, unknown: run.unknown })}</p>
                {run.is.length === 0 ? null : (
                  <ul className="mt-1 list-disc pl-5">
                    {run.is.map((id) => (
                      <li key={id}>
                        <a href={`#${id}`} className="rounded underline underline-offset-4">
                          {words({ id }).title}
                        </a>
                      </li>
                    ))}
                  </ul>
                )}
              </>
            ) : null}
          </div>
          {run?.running ? (
            <Progress
              className="mt-2"
              value={run.done / testable.length}
              label={t('progress', { done: run.done, total: testable.length })}
            />
          ) : null}
        </div>
        <Button icon={<Stethoscope aria-hidden />} pending={run?.running === true} onClick={() => void start()}>
          {t('start')}
        </Button>
        {run?.error ? <ErrorPanel error={run.error} announce className="w-full" /> : null}
      </CardBody>
    </Card>
  )
}
