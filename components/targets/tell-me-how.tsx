'use client'

import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { CopyButton } from '@/components/preflight/copy-button'
import { CardBody } from '@/components/ui/card'
import { Field } from '@/components/ui/field'
import { Input } from '@/components/ui/input'
import { Segments } from '@/components/ui/segments'
import { instructionsFor, type InstructionNames as Names, type Platform, platforms } from './instructions'

export interface TellMeHowProps {
  names: Names
  onNames: (names: Names) => void
}

/** "Tell me how": steps for one kind of server, filled with the reader's own names, to copy. */
export function TellMeHow({ names, onNames }: TellMeHowProps) {
  const t = useTranslations('targets.tell')
  const [platform, setPlatform] = useState<Platform>('debian')
  const steps = instructionsFor(platform, names)
  const field = (name: keyof Names) => (
    <Field label={t(`fields.${name}`)}>
      <Input
        className="font-mono"
        spellCheck={false}
        autoComplete="off"
        value={names[name]}
        onValueChange={(value: string) => onNames({ ...names, [name]: value })}
      />
    </Field>
  )
  return (
    <CardBody className="flex flex-col gap-4 pt-4">
      <Segments
        label={t('platform')}
        value={platform}
        onChange={setPlatform}
        items={platforms.map((value) => ({ value, label: t(`platforms.${value}`) }))}
      />
      <div className="grid gap-4 sm:grid-cols-3">
        {field('role')}
        {field('database')}
        {field('host')}
      </div>
      <ol className="flex flex-col gap-4">
        {steps.map(({ key, command }, index) => (
          <li key={key} className="grid grid-cols-[1.5rem_minmax(0,1fr)] gap-x-2 text-sm">
            <span aria-hidden className="tabular font-medium text-ink-faint">
              {index + 1}
            </span>
            <div className="min-w-0">
              <p className="max-w-prose">{t(`steps.${key as 'address'}`)}</p>
              {command === null ? null : (
                <div className="mt-1.5 flex items-start justify-between gap-2 rounded-md border border-line bg-sunken p-2">
                  <pre className="min-w-0 whitespace-pre-wrap break-all pt-0.5 font-mono text-xs">{command}</pre>
                  <CopyButton text={command} label={t(`steps.${key as 'address'}`)} />
                </div>
              )}
            </div>
          </li>
        ))}
      </ol>
    </CardBody>
  )
}
