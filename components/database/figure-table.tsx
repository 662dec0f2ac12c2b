'use client'

import { ArrowDown, ArrowUp, ChevronsUpDown } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { type ReactNode, useMemo, useState } from 'react'
import { classNames } from '@/components/ui/class-names'
import { SearchInput } from '@/components/ui/search-input'
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from '@/components/ui/table'
import { Pager } from '@/components/verification/pager'

const pageSize = 25

export interface FigureColumn<Row> {
  readonly id: string
  readonly title: string
  readonly cell: (row: Row) => ReactNode
  /** What it is sorted by; null last. Absent: it cannot be sorted by. */
  readonly by?: (row: Row) => number | string | null
  readonly isNumeric?: boolean
  /** Left out on a phone. */
  readonly isMinor?: boolean
  readonly className?: string
}

export interface FigureTableProps<Row> {
  /** Accessible name. */
  label: string
  rows: readonly Row[]
  columns: readonly FigureColumn<Row>[]
  keyOf: (row: Row) => string
  /** What the search looks into. */
  textOf: (row: Row) => string
  /** Column that it is sorted by at first, falling. */
  sortedBy: string
  empty: string
  /** Beside the search. */
  actions?: ReactNode
  /** How many there are where `rows` are the first of them only; whoever looks further makes `onWhole` be called. Default: all are here. */
  total?: number
  onWhole?: () => void
  /** While the others are fetched. */
  isPending?: boolean
}

/** Rows of figures: searched, sorted, 25 at a time, so that a thousand are as quick as ten. */
export function FigureTable<Row>({
  label,
  rows,
  columns,
  keyOf,
  textOf,
  sortedBy,
  empty,
  actions,
  total = rows.length,
  onWhole,
  isPending = false,
}: FigureTableProps<Row>) {
  const t = useTranslations('database')
  const [search, setSearch] = useState('')
  const [sort, setSort] = useState<{ id: string; falls: boolean }>({ id: sortedBy, falls: true })
  const [page, setPage] = useState(0)
  const lookFurther = () => {
    if (total > rows.length) onWhole?.()
  }
  const find = (next: string) => {
    lookFurther()
    setPage(0)
    setSearch(next)
  }
  const shown = useMemo(() => {
    const wanted = search.trim().toLowerCase()
    const found = wanted === '' ? [...rows] : rows.filter((row) => textOf(row).toLowerCase().includes(wanted))
    const by = columns.find(({ id }) => id === sort.id)?.by
    return by ? found.sort((left, right) => compare(by(left), by(right), sort.falls)) : found
  }, [rows, columns, search, sort, textOf])
  // Nothing is searched for: then those that are not here count too, and turning to them fetches them.
  const found = search.trim() === '' ? Math.max(total, shown.length) : shown.length
  const last = Math.max(0, Math.ceil(found / pageSize) - 1)
  const current = Math.min(page, last)
  return (
    <div>
      {rows.length > 10 || actions !== undefined ? (
        <div className="flex flex-wrap items-center gap-2 px-4 py-3 sm:px-5">
          {rows.length > 10 ? <SearchInput label={t('search')} value={search} onChange={find} /> : null}
          {actions}
        </div>
      ) : null}
      {shown.length === 0 ? (
        <p className="px-4 py-4 text-ink-faint text-sm sm:px-5">{isPending ? t('loading') : rows.length === 0 ? empty : t('noMatch')}</p>
      ) : (
        <Table label={label} aria-busy={isPending}>
          <TableHead>
            <tr>
              {columns.map((column) => (
                <TableHeader
                  key={column.id}
                  className={classNames(column.isNumeric && 'text-right', column.isMinor && 'max-sm:hidden')}
                  aria-sort={sort.id === column.id ? (sort.falls ? 'descending' : 'ascending') : undefined}
                >
                  {column.by === undefined ? (
                    column.title
                  ) : (
                    <button
                      type="button"
                      className={classNames(
                        'inline-flex items-center gap-1 rounded hover:text-ink',
                        column.isNumeric && 'flex-row-reverse',
                      )}
                      onClick={() => {
                        lookFurther()
                        setSort({ id: column.id, falls: sort.id === column.id ? !sort.falls : true })
                      }}
                    >
                      {column.title}
                      <SortIcon state={sort.id === column.id ? sort.falls : null} />
                    </button>
                  )}
                </TableHeader>
              ))}
            </tr>
          </TableHead>
          <TableBody>
            {shown.slice(current * pageSize, (current + 1) * pageSize).map((row) => (
              <TableRow key={keyOf(row)}>
                {columns.map((column) => (
                  <TableCell
                    key={column.id}
                    className={classNames(column.isNumeric && 'tabular text-right', column.isMinor && 'max-sm:hidden', column.className)}
                  >
                    {column.cell(row)}
                  </TableCell>
                ))}
              </TableRow>
            ))}
          </TableBody>
        </Table>
      )}
      <Pager
        pageIndex={current}
        pageSize={pageSize}
        total={found}
        onChange={(next) => {
          if ((next + 1) * pageSize > rows.length) lookFurther()
          setPage(next)
        }}
      />
    </div>
  )
}

function SortIcon({ state }: { state: boolean | null }) {
  if (state === null) return <ChevronsUpDown aria-hidden className="size-3 opacity-50" />
  return state ? <ArrowDown aria-hidden className="size-3" /> : <ArrowUp aria-hidden className="size-3" />
}

function compare(left: number | string | null, right: number | string | null, falls: boolean): number {
  if (left === null || right === null) return left === right ? 0 : left === null ? 1 : -1
  const order = typeof left === 'number' && typeof right === 'number' ? left - right : String(left).localeCompare(String(right))
  return falls ? -order : order
}
