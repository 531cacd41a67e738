// `kanalictl apikey expire`: makes Inactive what `rotate` gave an end that has come. Run again, it changes nothing, and
// it never takes the last Active revision of an ApiKey.

import { type End, endDatesOf } from './end-dates.ts'
import { read } from './files.ts'
import { type Change, ManifestText, type Place } from './manifest-text.ts'
import { changeFormatOf, type ChangeOptions, deliverChange } from './output.ts'
import { revisionChanges } from './revision-changes.ts'
import type { Terminal } from './terminal.ts'

interface Expiry {
  readonly place: Place
  readonly changes: readonly Change[]
  /** What became of its revisions, one line each. */
  readonly says: readonly string[]
  /** False where something has to be done by a person. */
  readonly isWell: boolean
}

/** @returns false where an ApiKey could not be read, or would have been left without an Active revision */
export async function expireApiKeys(options: ChangeOptions, terminal: Terminal): Promise<boolean> {
  const nowMs = Date.now()
  const before = await read('--key.in_file', options['key.in_file'], terminal)
  const shown = `--key.in_file ${JSON.stringify(options['key.in_file'])}`
  const manifest = await ManifestText.read(before.toString('utf8'), shown)
  const format = changeFormatOf(options, manifest.format)
  const expiries = manifest.places.map((place) => expiryOf(place, nowMs))
  await deliverChange(manifest.changed(expiries, format), before, options, terminal)
  const says = expiries.flatMap(({ place, says: lines }) => lines.map((line) => `${place.name}: ${line}\n`))
  if (says.length > 0) await terminal.say(says.join(''))
  return expiries.every(({ isWell }) => isWell)
}

function expiryOf(place: Place, nowMs: number): Expiry {
  const { apiKey } = place
  const left = (says: string): Expiry => ({ place, changes: [], says: [says], isWell: false })
  if (typeof apiKey === 'string') return left(apiKey)
  const ends = endDatesOf(apiKey)
  if ('problem' in ends) return left(ends.problem)
  const { dates, idle } = ends
  const due = [...dates].filter(([, date]) => Date.parse(date) <= nowMs)
  const pending = [...dates].filter(([, date]) => Date.parse(date) > nowMs)
  const active = apiKey.revisions.filter(({ status }) => status === 'Active').length
  if (due.length > 0 && due.length === active) {
    return left('no Active revision would be left, so that nothing is changed: rotate it')
  }
  return {
    place,
    changes: revisionChanges(
      place.object,
      apiKey,
      new Map<number, End>(due.map(([index]) => [index, 'now'])),
      idle,
    ),
    says: [
      ...due.map(([index, date]) => `revision ${index} is Inactive; its end was ${date}`),
      ...pending.map(([index, date]) => `revision ${index} stays Active until ${date}`),
    ],
    isWell: true,
  }
}
