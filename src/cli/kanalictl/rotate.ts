// `kanalictl apikey rotate`: one more revision, and an end for those before it. Until that end both open the door, so
// that nobody is locked out while clients change over.

import { API_KEY_SPEC } from '../../resources/crds/api-key-schemas.ts'
import type { ApiKey } from '../../resources/resource.ts'
import { type KeyOptions, newKey } from './clear-key.ts'
import { type End, endDatesOf, endOf } from './end-dates.ts'
import { read } from './files.ts'
import { ManifestText, type Place } from './manifest-text.ts'
import { changeFormatOf, type ChangeOptions, deliverChange } from './output.ts'
import { Refusal } from './refusal.ts'
import { revisionChanges } from './revision-changes.ts'
import type { Terminal } from './terminal.ts'

export interface RotateOptions extends KeyOptions, ChangeOptions {
  readonly 'key.name'?: string
  readonly 'inactive.after': string
}

const REVISIONS_MAX = API_KEY_SPEC.properties.revisions.maxItems

export async function rotateApiKey(options: RotateOptions, terminal: Terminal): Promise<void> {
  const end = endOf(options['inactive.after'], Date.now())
  const before = await read('--key.in_file', options['key.in_file'], terminal)
  const shown = `--key.in_file ${JSON.stringify(options['key.in_file'])}`
  const manifest = await ManifestText.read(before.toString('utf8'), shown)
  const format = changeFormatOf(options, manifest.format)
  const place = chosen(manifest, shown, options['key.name'])
  const apiKey = readable(place, shown)
  if (apiKey.revisions.length >= REVISIONS_MAX) {
    throw new Refusal(
      `${place.name} has ${apiKey.revisions.length} revisions, and ${REVISIONS_MAX} are the most: take out some that are Inactive`,
    )
  }
  const ends = endsOf(apiKey, end)
  const key = await newKey(options, terminal)
  const revision = { data: key.data, status: 'Active' }
  const changes = [
    ...revisionChanges(place.object, apiKey, ends, []),
    { path: ['spec', 'revisions', apiKey.revisions.length], value: revision },
  ]
  await deliverChange(manifest.changed([{ place, changes }], format), before, options, terminal)
  await terminal.say(accountOf(apiKey, ends))
  await key.show(place.name)
}

function chosen(manifest: ManifestText, shown: string, name: string | undefined): Place {
  const places = manifest.places.filter((place) => name === undefined || place.name === name)
  const [place, another] = places
  if (place === undefined) {
    throw new Refusal(`${shown}: it holds no ApiKey${name === undefined ? '' : ` ${JSON.stringify(name)}`}`)
  }
  if (another === undefined) return place
  if (name !== undefined) throw new Refusal(`${shown}: it holds ${name} ${places.length} times`)
  const [first, second, ...others] = places.map((one) => one.name)
  const more = others.length === 0 ? '' : ` and ${others.length} more`
  throw new Refusal(`${shown}: it holds ${first}, ${second}${more}; say which with --key.name`)
}

function readable({ name, apiKey }: Place, shown: string): ApiKey {
  if (typeof apiKey === 'string') throw new Refusal(`${shown}: ${name}: ${apiKey}`)
  return apiKey
}

/** An end that was promised before stays, where it comes first. */
function endsOf(apiKey: ApiKey, end: End): Map<number, End> {
  const known = endDatesOf(apiKey)
  if ('problem' in known) throw new Refusal(`${apiKey.meta.name}: ${known.problem}`)
  const ends = new Map<number, End>()
  for (const [index, { status }] of apiKey.revisions.entries()) {
    if (status !== 'Active') continue
    const date = known.dates.get(index)
    const comesFirst = date !== undefined && end !== 'now' && Date.parse(date) <= Date.parse(end)
    ends.set(index, comesFirst ? date : end)
  }
  return ends
}

function accountOf({ meta, revisions }: ApiKey, ends: ReadonlyMap<number, End>): string {
  const lines = [...ends].map(([index, end]) =>
    end === 'now'
      ? `${meta.name}: revision ${index} is Inactive\n`
      : `${meta.name}: revision ${index} stays Active until \`kanalictl apikey expire\` runs after ${end}\n`,
  )
  return `${meta.name}: revision ${revisions.length} is new and Active\n${lines.join('')}`
}
