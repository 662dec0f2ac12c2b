'use client'

import { LifeBuoy } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { useDeferredValue, useEffect, useMemo, useState } from 'react'
import { PageHeader } from '@/components/admin/page-header'
import type { TargetChoice } from '@/components/jobs/job-queries'
import { Card, CardHeader } from '@/components/ui/card'
import { EmptyState } from '@/components/ui/empty-state'
import { SearchInput } from '@/components/ui/search-input'
import { Segments } from '@/components/ui/segments'
import { type EntryGroup, entries, entryGroups, findEntry } from '@/lib/troubleshooting/catalogue'
import type { Diagnosis } from '@/lib/troubleshooting/diagnosis'
import { AskedDatabase } from './asked-database'
import { EntryCard } from './entry-card'
import { searchEntries } from './search-entries'
import { TestAll } from './test-all'
import { useEntryWords } from './use-entry-words'

/** What went wrong, why, and a test here and now: searched by code, by a pasted message or by words. `#CODE` opens its entry. */
export function TroubleshootingPage() {
  const t = useTranslations('troubleshooting')
  const { words } = useEntryWords()
  const [search, setSearch] = useState('')
  const [group, setGroup] = useState<EntryGroup | 'all'>('all')
  const [target, setTarget] = useState<TargetChoice | null>(null)
  const [opened, setOpened] = useState<ReadonlySet<string>>(new Set())
  const [diagnoses, setDiagnoses] = useState<ReadonlyMap<string, Diagnosis>>(new Map())
  const wanted = useDeferredValue(search)
  const found = useMemo(() => searchEntries(entries, words, wanted), [wanted, words])
  const shown = found.filter((entry) => group === 'all' || entry.group === group)
  const isRanked = wanted.trim() !== ''

  const setOpen = (id: string, open: boolean) =>
    setOpened((before) => {
      if (before.has(id) === open) return before
      const next = new Set(before)
      if (open) next.add(id)
      else next.delete(id)
      return next
    })

  useEffect(() => {
    const follow = () => {
      const code = decodeURIComponent(window.location.hash.slice(1))
      const entry = code === '' ? undefined : findEntry(code)
      if (!entry) {
        // A code that nobody knows is searched for as text.
        if (code !== '') setSearch(code)
        return
      }
      setSearch('')
      setGroup('all')
      setOpened((before) => new Set([...before, entry.id]))
      requestAnimationFrame(() => document.getElementById(entry.id)?.scrollIntoView({ block: 'start' }))
    }
    follow()
    window.addEventListener('hashchange', follow)
    return () => window.removeEventListener('hashchange', follow)
  }, [])

  const cards = (list: typeof shown) =>
    list.map((entry) => (
      <EntryCard
        key={entry.id}
        entry={entry}
        open={opened.has(entry.id)}
        onOpenChange={(open) => setOpen(entry.id, open)}
        target={target}
        diagnosis={diagnoses.get(entry.id)}
        onDiagnosis={(diagnosis) => setDiagnoses((before) => new Map(before).set(entry.id, diagnosis))}
      />
    ))

  return (
    <>
      <PageHeader title={t('title')} description={t('description')} />
      <div className="flex flex-col gap-4">
        <TestAll
          target={target}
          onStart={() => setDiagnoses(new Map())}
          onDiagnosis={(id, diagnosis) => {
            setDiagnoses((before) => new Map(before).set(id, diagnosis))
            if (diagnosis.outcome === 'is') setOpen(id, true)
          }}
        />
        <AskedDatabase
          target={target}
          onChange={(next) => {
            setTarget(next)
            setDiagnoses(new Map())
          }}
        />
        <div className="flex flex-wrap items-center gap-2">
          <SearchInput label={t('search')} value={search} onChange={setSearch} className="sm:w-96" />
          <Segments
            label={t('group')}
            value={group}
            onChange={setGroup}
            items={(['all', ...entryGroups] as const).map((value) => ({ value, label: t(`groups.${value}`) }))}
          />
        </div>
        {shown.length === 0 ? (
          <Card>
            <EmptyState icon={<LifeBuoy />} title={t('nothing')}>
              {t('nothingBody')}
            </EmptyState>
          </Card>
        ) : null}
        {isRanked && shown.length > 0 ? (
          <Card aria-labelledby="found" className="overflow-hidden">
            <CardHeader title={t('found', { count: shown.length })} titleId="found" />
            {cards(shown)}
          </Card>
        ) : null}
        {isRanked
          ? null
          : entryGroups
              .map((name) => ({ name, list: shown.filter((entry) => entry.group === name) }))
              .filter(({ list }) => list.length > 0)
              .map(({ name, list }) => (
                <Card key={name} aria-labelledby={`group-${name}`} className="overflow-hidden">
                  <CardHeader title={t(`groups.${name}`)} titleId={`group-${name}`} />
                  {cards(list)}
                </Card>
              ))}
      </div>
    </>
  )
}
