'use client'

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Save } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { ErrorPanel } from '@/components/api/error-panel'
import { Button } from '@/components/ui/button'
import { Card, CardBody, CardFooter, CardHeader } from '@/components/ui/card'
import { Field } from '@/components/ui/field'
import { Input } from '@/components/ui/input'
import { Segments } from '@/components/ui/segments'
import type { Needs } from '@/lib/advisor/advice'
import { saveNeedsMutation } from './advisor-queries'

/** What only a person knows: how many machines, and how long the app may be away. */
export function NeedsCard({ needs }: { needs: Needs | null }) {
  const t = useTranslations('advisor.needs')
  const queryClient = useQueryClient()
  const [machines, setMachines] = useState(String(needs?.machines ?? 1))
  const [availability, setAvailability] = useState<Needs['availability']>(needs?.availability ?? 'hours')
  const save = useMutation(saveNeedsMutation(queryClient))
  const count = Number(machines)
  const isValid = Number.isInteger(count) && count >= 1 && count <= 1_000
  const isSame = needs !== null && needs.machines === count && needs.availability === availability
  return (
    <Card aria-labelledby="needs">
      <CardHeader title={t('title')} titleId="needs" description={t('body')} />
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault()
          if (isValid) save.mutate({ machines: count, availability })
        }}
      >
        <CardBody className="flex flex-wrap gap-x-8 gap-y-4">
          <Field label={t('machines')} error={isValid ? undefined : t('machinesBad')} className="w-48">
            <Input inputMode="numeric" value={machines} onValueChange={(next: string) => setMachines(next)} />
          </Field>
          <div className="flex min-w-0 max-w-full flex-col gap-1.5">
            <span className="font-medium text-sm">{t('availability')}</span>
            <Segments
              label={t('availability')}
              value={availability}
              onChange={setAvailability}
              items={(['day', 'hours', 'minutes'] as const).map((value) => ({ value, label: t(value) }))}
            />
          </div>
          {save.error ? <ErrorPanel error={save.error} announce className="w-full" /> : null}
        </CardBody>
        <CardFooter>
          <Button type="submit" pending={save.isPending} disabled={!isValid || isSame} icon={<Save aria-hidden />}>
            {t('save')}
          </Button>
        </CardFooter>
      </form>
    </Card>
  )
}
