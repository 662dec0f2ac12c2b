'use client'

import { useQuery } from '@tanstack/react-query'
import { useTranslations } from 'next-intl'
import { ErrorPanel } from '@/components/api/error-panel'
import { useFormatters } from '@/components/format/use-formatters'
import { Badge } from '@/components/ui/badge'
import { Progress } from '@/components/ui/progress'
import { SkeletonBlock } from '@/components/ui/skeleton'
import type { Activity, Session } from '@/lib/monitoring/health-report'
import { activityQuery } from './database-queries'
import { EndSessionButton } from './end-session-button'
import { FigureTable } from './figure-table'
import { type ChainedSession, chainSessions } from './session-chains'
import { KnownPanel } from './unknown-panel'

/** Who is connected now, what they do and who waits for whom; looked at every five seconds. */
export function SessionsPanel() {
  const t = useTranslations('database')
  const { data, error, refetch } = useQuery(activityQuery())
  if (error && !data) return <ErrorPanel error={error} onRetry={() => void refetch()} className="m-4" />
  if (!data) return <SkeletonBlock label={t('loading')} rows={5} className="p-5" />
  return <KnownPanel panel={data}>{(activity) => <Sessions activity={activity} />}</KnownPanel>
}

function Sessions({ activity }: { activity: Activity }) {
  const t = useTranslations('database')
  const format = useFormatters()
  const { used, limit, reserved, byState, sessions, hidden } = activity
  const free = Math.max(1, limit - reserved)
  const share = used / free
  return (
    <div>
      <div className="flex flex-col gap-1.5 px-4 pt-4 text-sm sm:px-5">
        <p className="flex flex-wrap justify-between gap-x-4">
          <span>{t('sessions.used', { used: format.number(used), limit: format.number(free) })}</span>
          <span className="text-ink-soft text-xs">
            {byState.map(({ state, count }) => `${stateName(state, t)}: ${format.number(count)}`).join(' · ')}
          </span>
        </p>
        <Progress value={share} label={t('sessions.usedLabel')} tone={share >= 0.95 ? 'danger' : share >= 0.8 ? 'warning' : 'postgres'} />
      </div>
      <FigureTable
        label={t('tabs.sessions')}
        rows={chainSessions(sessions)}
        sortedBy="chain"
        empty={t('sessions.none')}
        keyOf={({ session }) => `${session.pid} ${session.startedAt}`}
        textOf={({ session }) => `${session.pid} ${session.user} ${session.application} ${session.statement}`}
        columns={[
          { id: 'pid', title: t('sessions.pid'), cell: (row) => <Pid row={row} />, className: 'align-top whitespace-nowrap' },
          { id: 'who', title: t('sessions.who'), cell: ({ session }) => <Who session={session} />, isMinor: true, className: 'align-top' },
          {
            id: 'what',
            title: t('sessions.what'),
            cell: ({ session }) => <What session={session} />,
            className: 'align-top min-w-52 max-w-md',
          },
          {
            id: 'since',
            title: t('sessions.since'),
            isNumeric: true,
            className: 'align-top whitespace-nowrap',
            cell: ({ session: { stateMs } }) => (stateMs === null ? '' : format.duration(Math.max(1, stateMs))),
          },
          {
            id: 'end',
            title: '',
            className: 'align-top text-right',
            cell: ({ session }) => (
              <EndSessionButton
                pid={session.pid}
                startedAt={session.startedAt}
                isActive={session.state === 'active'}
                isOurs={session.owner === 'bascule'}
              />
            ),
          },
        ]}
      />
      {hidden > 0 ? <p className="px-4 py-3 text-ink-faint text-xs sm:px-5">{t('furtherOnes', { count: hidden })}</p> : null}
    </div>
  )
}

function Pid({ row: { session, depth } }: { row: ChainedSession }) {
  const t = useTranslations('database.sessions')
  return (
    <span className="tabular" style={{ paddingLeft: `${Math.min(depth, 6) * 14}px` }}>
      {depth > 0 ? <span aria-hidden>↳ </span> : null}
      {session.pid}
      {session.blockedBy.length > 0 ? (
        <span className="block text-warning-ink text-xs">{t('waitsFor', { pids: session.blockedBy.join(', ') })}</span>
      ) : null}
    </span>
  )
}

function Who({ session }: { session: Session }) {
  const t = useTranslations('database.sessions')
  return (
    <span className="flex flex-col">
      <span className="break-all">{session.application === '' ? (session.user ?? t('hidden')) : session.application}</span>
      <span className="break-all text-ink-faint text-xs">{[session.user, session.address].filter(Boolean).join(' · ')}</span>
    </span>
  )
}

function What({ session: { state, statement, waitsFor, owner, application } }: { session: Session }) {
  const t = useTranslations('database')
  const isIdleInside = (state ?? '').startsWith('idle in transaction')
  return (
    <span className="flex flex-col gap-1">
      <span className="flex flex-wrap items-center gap-1.5">
        <Badge tone={waitsFor?.startsWith('Lock') ? 'warning' : isIdleInside ? 'warning' : state === 'active' ? 'info' : 'neutral'}>
          {stateName(state ?? 'hidden', t)}
        </Badge>
        {owner === 'bascule' ? <Badge tone="postgres">{t('sessions.isOurs')}</Badge> : null}
        {waitsFor === null ? null : <span className="text-ink-faint text-xs">{waitsFor}</span>}
        <span className="text-ink-faint text-xs sm:hidden">{application}</span>
      </span>
      <span className="line-clamp-2 break-words font-mono text-xs" title={statement ?? undefined}>
        {statement ?? t('sessions.hidden')}
      </span>
    </span>
  )
}

const states = [
  'active',
  'idle',
  'idle in transaction',
  'idle in transaction (aborted)',
  'fastpath function call',
  'disabled',
  'hidden',
] as const

function stateName(state: string, t: ReturnType<typeof useTranslations<'database'>>): string {
  const known = states.find((one) => one === state)
  return known === undefined ? state : t(`state.${known}`)
}
