'use client'

import { AppWindow, Database, Lock } from 'lucide-react'
import { useTranslations } from 'next-intl'
import type { AdminState } from '@/components/admin/state-queries'
import { classNames } from '@/components/ui/class-names'

export interface EnginePictureProps {
  state: Pick<AdminState, 'engine' | 'writable'> & { state: Pick<AdminState['state'], 'status' | 'targetLabel'> }
}

/** The app and its two databases: which one it uses, whether it may write, and where a copy is going. */
export function EnginePicture({ state }: EnginePictureProps) {
  const t = useTranslations('admin.engine')
  const { engine, writable } = state
  const { status, targetLabel } = state.state
  const access = t(writable ? 'readWrite' : 'readOnly')
  const target = status === 'migrating' ? t('copying') : status === 'ready-to-switch' ? t('copied') : t('inactive')
  return (
    <figure aria-label={t('picture', { engine: t(engine), access })} className="m-0">
      <div aria-hidden className="grid grid-cols-[auto_minmax(2rem,1fr)_minmax(0,auto)] items-center gap-y-3">
        <div className="row-span-2 flex flex-col items-center gap-1.5 rounded-lg border border-line-strong bg-surface px-4 py-3 shadow-card">
          <AppWindow className="size-6 text-ink-soft" />
          <span className="font-medium text-sm">{t('app')}</span>
          <span className={classNames('flex items-center gap-1 text-xs', writable ? 'text-ink-faint' : 'text-warning-ink')}>
            {writable ? null : <Lock className="size-3" />}
            {access}
          </span>
        </div>
        <span className="relative row-span-2 block h-full min-h-32">
          <svg aria-hidden="true" viewBox="0 0 100 100" preserveAspectRatio="none" className="absolute inset-0 size-full" fill="none">
            <title>{access}</title>
            <Link up active={engine === 'sqlite'} locked={!writable} />
            <Link up={false} active={engine === 'postgresql'} locked={!writable} />
          </svg>
        </span>
        <EngineNode
          engine="sqlite"
          active={engine === 'sqlite'}
          name={t('sqlite')}
          note={engine === 'sqlite' ? (writable ? t('active') : t('fenced')) : t('fenced')}
        />
        <EngineNode
          engine="postgresql"
          active={engine === 'postgresql'}
          copying={status === 'migrating'}
          name={t('postgresql')}
          note={engine === 'postgresql' ? t('active') : target}
          label={targetLabel ?? null}
        />
      </div>
    </figure>
  )
}

function Link({ up, active, locked }: { up: boolean; active: boolean; locked: boolean }) {
  const path = up ? 'M0 50 C 50 50, 50 25, 100 25' : 'M0 50 C 50 50, 50 75, 100 75'
  const hue = up ? 'var(--sqlite)' : 'var(--postgres)'
  return (
    <path
      d={path}
      vectorEffect="non-scaling-stroke"
      stroke={active ? hue : 'var(--line-strong)'}
      strokeWidth={active ? 2.5 : 1.5}
      strokeDasharray={active && !locked ? '10 6' : active ? undefined : '2 5'}
      strokeLinecap="round"
      className={active && !locked ? 'animate-flow' : ''}
    />
  )
}

interface EngineNodeProps {
  engine: 'sqlite' | 'postgresql'
  active: boolean
  copying?: boolean
  name: string
  note: string
  label?: string | null
}

const hues = {
  sqlite: { active: 'border-sqlite bg-sqlite-soft', ink: 'text-sqlite-ink' },
  postgresql: { active: 'border-postgres bg-postgres-soft', ink: 'text-postgres-ink' },
} as const

function EngineNode({ engine, active, copying = false, name, note, label = null }: EngineNodeProps) {
  const hue = hues[engine]
  return (
    <div
      className={classNames(
        'flex min-w-0 items-center gap-3 rounded-lg border px-3 py-2.5',
        active ? hue.active : 'border-line-strong border-dashed bg-surface',
        copying && 'border-postgres',
      )}
    >
      <Database className={classNames('size-5 shrink-0', active || copying ? hue.ink : 'text-ink-faint', copying && 'animate-pulse')} />
      <div className="min-w-0">
        <p className={classNames('font-medium text-sm', !active && 'text-ink-soft')}>{name}</p>
        <p className={classNames('text-xs', active || copying ? hue.ink : 'text-ink-faint')}>{note}</p>
        {label === null ? null : <p className="max-w-60 truncate font-mono text-[11px] text-ink-faint max-sm:max-w-32">{label}</p>}
      </div>
    </div>
  )
}
