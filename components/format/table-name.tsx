import { Fragment } from 'react'

/** A table's name that breaks between its words (CreditTransaction, credit_transaction) where there is little room. */
export function TableName({ name }: { name: string }) {
  return name.split(/(?<=[a-z0-9])(?=[A-Z])|(?<=_)/).map((part, place) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: a part is its place
    <Fragment key={place}>
      {place === 0 ? null : <wbr />}
      {part}
    </Fragment>
  ))
}
