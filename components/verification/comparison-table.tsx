'use client'

import {
  columnFilteringFeature,
  createColumnHelper,
  createFilteredRowModel,
  createPaginatedRowModel,
  createSortedRowModel,
  globalFilteringFeature,
  rowPaginationFeature,
  rowSortingFeature,
  type SortingState,
  tableFeatures,
  useTable,
} from '@tanstack/react-table'
import { ArrowDown, ArrowUp, ChevronsUpDown, SearchX } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { useMemo, useState } from 'react'
import { classNames } from '@/components/ui/class-names'
import { EmptyState } from '@/components/ui/empty-state'
import { SearchInput } from '@/components/ui/search-input'
import { Segments } from '@/components/ui/segments'
import { Table, TableBody, TableHead, TableHeader } from '@/components/ui/table'
import type { TableComparison } from '@/lib/verification/verification-result'
import { ComparisonRow, type ShownComparison } from './comparison-row'
import { ComparisonTotals } from './comparison-totals'
import { Pager } from './pager'
import { differenceOf, type RowState, rowStateOf, rowsOf } from './verdict'

const pageSize = 50
const stateRank: Record<RowState, number> = { different: 0, unknown: 1, changed: 2, equal: 3, identical: 4 }

const features = tableFeatures({
  rowSortingFeature,
  columnFilteringFeature,
  globalFilteringFeature,
  rowPaginationFeature,
  sortedRowModel: createSortedRowModel(),
  filteredRowModel: createFilteredRowModel(),
  paginatedRowModel: createPaginatedRowModel(),
})
const column = createColumnHelper<typeof features, ShownComparison>()
/** Ids are also the keys of the headings. Missing counts sort below zero, so that they stand together. */
const columns = column.columns([
  column.accessor('table', { id: 'table', sortFn: (a, b) => a.original.table.localeCompare(b.original.table) }),
  column.accessor((row) => rowsOf(row).source ?? -1, { id: 'sourceRows' }),
  column.accessor((row) => rowsOf(row).target ?? -1, { id: 'targetRows' }),
  column.accessor((row) => differenceOf(row) ?? -Infinity, {
    id: 'difference',
    sortFn: (a, b) => distance(a.original) - distance(b.original),
  }),
  column.accessor('content', { id: 'content', enableSorting: false }),
  column.accessor((row) => stateRank[rowStateOf(row)], { id: 'state' }),
])
type ColumnId = 'table' | 'sourceRows' | 'targetRows' | 'difference' | 'content' | 'state'
const numeric: ReadonlySet<string> = new Set(['sourceRows', 'targetRows', 'difference'])

type Filter = 'all' | 'differences' | 'unknown'
const statesOf: Record<Filter, ReadonlySet<RowState> | null> = {
  all: null,
  differences: new Set<RowState>(['different']),
  unknown: new Set<RowState>(['unknown']),
}

export interface ComparisonTableProps {
  tables: readonly ShownComparison[]
  /** Of the report that they are from: its rows that differ can be looked at. Absent for counts of the moment. */
  reportId?: string
}

/** Every table with its two counts next to each other; sorted, searched, filtered, a page at a time. */
export function ComparisonTable({ tables, reportId }: ComparisonTableProps) {
  const t = useTranslations('verification')
  const [filter, setFilter] = useState<Filter>('all')
  const [search, setSearch] = useState('')
  const data = useMemo(() => {
    const wanted = statesOf[filter]
    return wanted === null ? [...tables] : tables.filter((table) => wanted.has(rowStateOf(table)))
  }, [tables, filter])
  const most = useMemo(() => tables.reduce((sum, table) => Math.max(sum, table.sourceRows ?? 0, table.targetRows ?? 0), 1), [tables])
  const [sorting, setSorting] = useState<SortingState>([
    { id: 'state', desc: false },
    { id: 'table', desc: false },
  ])
  const table = useTable({
    features,
    columns,
    data,
    state: { sorting, globalFilter: search },
    onSortingChange: setSorting,
    initialState: { pagination: { pageIndex: 0, pageSize } },
    globalFilterFn: (row, _column, value: string) => row.original.table.toLowerCase().includes(value.trim().toLowerCase()),
    getColumnCanGlobalFilter: (candidate) => candidate.id === 'table',
    getRowId: (row) => row.table,
  })
  const rows = table.getRowModel().rows
  const count = (wanted: RowState) => tables.filter((entry) => rowStateOf(entry) === wanted).length
  return (
    <div>
      <div className="flex flex-wrap items-center gap-2 px-4 pb-3 sm:px-5">
        <SearchInput label={t('search')} value={search} onChange={setSearch} />
        <Segments
          label={t('filter')}
          value={filter}
          onChange={setFilter}
          items={[
            { value: 'all', label: <FilterLabel text={t('filterAll')} count={tables.length} /> },
            { value: 'differences', label: <FilterLabel text={t('filterDifferences')} count={count('different')} /> },
            { value: 'unknown', label: <FilterLabel text={t('filterUnknown')} count={count('unknown')} /> },
          ]}
        />
      </div>
      {rows.length === 0 ? (
        <EmptyState
          icon={<SearchX />}
          title={t(filter === 'differences' && search === '' ? 'noDifferences' : 'noMatch')}
          className="border-line border-t"
        >
          {t(filter === 'differences' && search === '' ? 'noDifferencesBody' : 'noMatchBody')}
        </EmptyState>
      ) : (
        <Table label={t('title')}>
          <TableHead>
            {table.getHeaderGroups().map((group) => (
              <tr key={group.id}>
                {group.headers.map((header) => {
                  const sorted = header.column.getIsSorted()
                  const name = t(header.column.id as ColumnId)
                  return (
                    <TableHeader
                      key={header.id}
                      aria-sort={sorted === 'asc' ? 'ascending' : sorted === 'desc' ? 'descending' : undefined}
                      className={classNames(
                        numeric.has(header.column.id) && 'text-right',
                        (header.column.id === 'content' || header.column.id === 'state') && 'max-sm:hidden',
                      )}
                    >
                      {header.column.getCanSort() ? (
                        <button
                          type="button"
                          onClick={header.column.getToggleSortingHandler()}
                          className="inline-flex items-center gap-1 rounded hover:text-ink"
                        >
                          {name}
                          <SortIcon sorted={sorted} />
                        </button>
                      ) : (
                        name
                      )}
                    </TableHeader>
                  )
                })}
              </tr>
            ))}
          </TableHead>
          <TableBody>
            {rows.map((row) => (
              <ComparisonRow key={row.id} comparison={row.original} most={most} {...(reportId === undefined ? {} : { reportId })} />
            ))}
          </TableBody>
          <ComparisonTotals tables={tables} />
        </Table>
      )}
      <Pager
        pageIndex={table.state.pagination.pageIndex}
        pageSize={pageSize}
        total={table.getFilteredRowModel().rows.length}
        onChange={(pageIndex) => table.setPageIndex(pageIndex)}
      />
    </div>
  )
}

function distance(row: TableComparison): number {
  return Math.abs(differenceOf(row) ?? -1)
}

function FilterLabel({ text, count }: { text: string; count: number }) {
  return (
    <>
      {text} <span className="tabular text-ink-faint text-xs">{count}</span>
    </>
  )
}

function SortIcon({ sorted }: { sorted: false | 'asc' | 'desc' }) {
  if (sorted === false) return <ChevronsUpDown aria-hidden className="size-3 opacity-60" />
  return sorted === 'asc' ? <ArrowUp aria-hidden className="size-3" /> : <ArrowDown aria-hidden className="size-3" />
}
