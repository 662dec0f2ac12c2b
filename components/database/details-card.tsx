'use client'

import { useTranslations } from 'next-intl'
import { Card } from '@/components/ui/card'
import { type TabItem, Tabs } from '@/components/ui/tabs'
import type { HealthReport } from '@/lib/monitoring/health-report'
import { IndexesPanel, ReplicationPanel, SequencesPanel, SettingsPanel, StatementsPanel } from './figure-panels'
import { SessionsPanel } from './sessions-panel'
import { TablesPanel } from './tables-panel'
import { KnownPanel } from './unknown-panel'

/** The figures themselves, one subject at a time. */
export function DetailsCard({ report }: { report: HealthReport }) {
  const t = useTranslations('database.tabs')
  const { panels, engine, totals } = report
  const shared: TabItem[] = [
    {
      value: 'tables',
      label: t('tables'),
      content: (
        <KnownPanel panel={panels.tables}>{(tables) => <TablesPanel tables={tables} total={totals.tables} engine={engine} />}</KnownPanel>
      ),
    },
    {
      value: 'indexes',
      label: t('indexes'),
      content: <KnownPanel panel={panels.indexes}>{(indexes) => <IndexesPanel indexes={indexes} total={totals.indexes} />}</KnownPanel>,
    },
  ]
  return (
    <Card aria-label={t('label')}>
      <Tabs label={t('label')} items={report.engine === 'sqlite' ? shared : [sessions(), ...shared, ...postgresTabs(report.panels)]} />
    </Card>
  )

  function sessions(): TabItem {
    return { value: 'sessions', label: t('sessions'), content: <SessionsPanel /> }
  }

  function postgresTabs(postgres: Extract<HealthReport, { engine: 'postgresql' }>['panels']): readonly TabItem[] {
    return [
      {
        value: 'statements',
        label: t('statements'),
        content: <KnownPanel panel={postgres.statements}>{(statements) => <StatementsPanel statements={statements} />}</KnownPanel>,
      },
      {
        value: 'sequences',
        label: t('sequences'),
        content: (
          <KnownPanel panel={postgres.sequences}>
            {(sequences) => <SequencesPanel sequences={sequences} total={totals.sequences} />}
          </KnownPanel>
        ),
      },
      {
        value: 'replication',
        label: t('replication'),
        content: <KnownPanel panel={postgres.replication}>{(replication) => <ReplicationPanel replication={replication} />}</KnownPanel>,
      },
      {
        value: 'settings',
        label: t('settings'),
        content: <KnownPanel panel={postgres.settings}>{(settings) => <SettingsPanel settings={settings} />}</KnownPanel>,
      },
    ]
  }
}
