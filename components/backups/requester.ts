/** Who asked for a backup, said beside how it was asked for: a command line names its machine alone. */
export function requesterOf(requestedBy: string): string {
  return requestedBy.replace(/^command line on /, '')
}
