/** An estimate as it is shown, in milliseconds: nobody can foretell less than a second. */
export function shownEstimate(estimatedMs: number): number {
  return Math.max(1000, estimatedMs)
}
