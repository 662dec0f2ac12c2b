import { Card, CardBody } from './card'
import { SkeletonBlock } from './skeleton'

export interface LoadingCardProps {
  /** What a screen reader hears while it waits. */
  label: string
  rows: number
}

/** Stands where a card will be, until what it shows is there. */
export function LoadingCard({ label, rows }: LoadingCardProps) {
  return (
    <Card>
      <CardBody className="pt-5">
        <SkeletonBlock label={label} rows={rows} />
      </CardBody>
    </Card>
  )
}
