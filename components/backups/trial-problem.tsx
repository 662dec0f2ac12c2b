import { useTranslations } from 'next-intl'

/** Why a trial did not pass: its first line is for people, what a program said stands below it. */
export function TrialProblem({ problem }: { problem: string }) {
  const t = useTranslations('common')
  const [words = '', ...said] = problem.split('\n')
  return (
    <>
      <p>{words}</p>
      {said.length > 0 ? (
        <details className="mt-2 text-xs">
          <summary className="cursor-pointer">{t('details')}</summary>
          <pre className="mt-1 max-h-60 overflow-auto whitespace-pre-wrap break-words font-mono">{said.join('\n')}</pre>
        </details>
      ) : null}
    </>
  )
}
