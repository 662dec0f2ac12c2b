const strokes = ['var(--postgres)', 'var(--sqlite)', 'var(--warning)'] as const

/** The colour of a chart's first, second, third line. */
export function strokeOf(place: number): string {
  return strokes[place] ?? 'var(--ink-faint)'
}
