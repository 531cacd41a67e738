// What the journal costs: taking a record, the disk, a start from it, a replay to a revision, and the index that `why`
// walks along, at 100,000 events over 10,000 routes. Run by `npm run bench`, or alone with node. Figures are of this
// machine, its disk and this moment.

import { monitorEventLoopDelay } from 'node:perf_hooks'
import { DEFAULT_OPTIONS } from '../../src/config/options.ts'
import type { ResourceEvent } from '../../src/events/event.ts'
import { openJournal, type Journal, type JournalOptions } from '../../src/events/journal/journal.ts'
import { JournalReader } from '../../src/events/journal/reader.ts'
import { apply, EMPTY_STATE, type State } from '../../src/events/state.ts'
import { settle, touchedSince } from '../../src/events/touched.ts'
import { whyOf } from '../../src/explain/why.ts'
import { KINDS, type Resource } from '../../src/resources/resource.ts'
import { build } from '../../src/snapshot/build.ts'
import { buildOptionsOf } from '../../src/snapshot/build-options.ts'
import { hostOf, many, manyApiProxy, manyService, manySlice, sourcePathOf } from '../support/records.ts'
import { tempFolder } from '../support/temp-folder.ts'

const ROUTES = 10_000
const EVENTS = 100_000
/** Events of one turn. */
const TURN = 100
const ORIGIN = { source: 'bench', observedAt: 0 } as const

/** Prints a line for each figure to standard output. */
export async function benchJournal(): Promise<void> {
  await using temp = await tempFolder('bench-journal')
  const folder = `${temp.path}/journal`
  const written = await write(folder)
  say(`${EVENTS} events, ${ROUTES} routes (${ROUTES * 3} objects)`)
  for (const [what, figure] of [...written, ...(await read(folder))]) say(`${what.padEnd(52)} ${figure}`)
}

type Figures = [what: string, figure: string][]

async function write(folder: string): Promise<Figures> {
  const journal = await opened(folder)
  let state: State = EMPTY_STATE
  let revision = 1
  let appendMs = 0
  let applyMs = 0
  const take = (event: ResourceEvent): void => {
    const before = state
    const started = performance.now()
    state = apply(before, event)
    const applied = performance.now()
    const keys = [...(touchedSince(state, before.version) ?? [])]
    journal.append({ event, revision, state, keys })
    applyMs += applied - started
    appendMs += performance.now() - applied
  }
  for (const kind of KINDS) take({ ...ORIGIN, type: 'listed', kind, resources: objectsOf(kind) })
  const listMs = appendMs
  await drained(journal)
  ;[appendMs, applyMs] = [0, 0]
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  const cpu = process.cpuUsage()
  const started = performance.now()
  for (let index = 0; index < EVENTS; index += 1) {
    revision += 1
    take({ ...ORIGIN, type: 'upserted', resource: changed(index) })
    if (index % TURN !== 0) continue
    state = settle(state)
    await drained(journal)
  }
  await drained(journal)
  const wallMs = performance.now() - started
  const { user, system } = process.cpuUsage(cpu)
  delay.disable()
  const { bytes, segments, dropped } = journal.stats()
  await journal.stop()
  if (dropped > 0) throw new Error('the bench lost records')
  return [
    ['first lists: taking them', `${listMs.toFixed(0)} ms`],
    ['taking a record (in the turn of its event)', `${((appendMs * 1000) / EVENTS).toFixed(2)} us`],
    ['for comparison: folding the event', `${((applyMs * 1000) / EVENTS).toFixed(2)} us`],
    [
      'everything about an event, CPU of the process',
      `${((user + system) / EVENTS).toFixed(2)} us, checkpoints in it`,
    ],
    ['rate', `${Math.round((EVENTS / wallMs) * 1000)} events a second`],
    ['longest hold of the event loop, checkpoints in it', `${(delay.max / 1e6).toFixed(0)} ms`],
    ['on disk', `${(bytes / 1024 ** 2).toFixed(1)} MiB in ${segments} segments`],
  ]
}

async function read(folder: string): Promise<Figures> {
  const started = performance.now()
  const journal = await opened(folder)
  const startMs = performance.now() - started
  await journal.stop()
  const reader = JournalReader.open(folder)
  if ('problem' in reader) throw new Error(reader.problem)
  const range = reader.range()
  if (range === undefined) throw new Error('the journal is empty')
  const [, firstMs] = timed(() => reader.at({ revision: range.firstRevision }))
  const [end, endMs] = timed(() => reader.at('end'))
  if ('problem' in end) throw new Error(end.problem)
  const [, buildMs] = timed(() => build(end.state, DEFAULT_OPTIONS))
  const start = reader.at({ revision: range.firstRevision })
  if ('problem' in start) throw new Error(start.problem)
  const request = { method: 'GET', host: hostOf(1), path: sourcePathOf(1), header: () => undefined }
  const [why, whyMs] = timed(() => whyOf(reader, request))
  if ('problem' in why || why.event === null) throw new Error('why found nothing')
  const [, wholeMs] = timed(() => whyOf(reader, { ...request, path: '/nowhere' }))
  const [steps, stepsMs] = timed(() => count(reader.steps(start)))
  return [
    ['start from it', `${startMs.toFixed(0)} ms`],
    ['replay to the first revision', `${firstMs.toFixed(0)} ms`],
    ['replay to the last revision', `${endMs.toFixed(0)} ms`],
    ['build of that state', `${buildMs.toFixed(0)} ms`],
    [`fold of all ${steps} records behind the first revision`, `${stepsMs.toFixed(0)} ms`],
    ['why: the change behind a decision', `${whyMs.toFixed(0)} ms`],
    ['why: a decision that never changed', `${wholeMs.toFixed(0)} ms`],
  ]
}

async function opened(folder: string): Promise<Journal> {
  const options: JournalOptions = {
    folder,
    restore: true,
    buildOptions: buildOptionsOf(DEFAULT_OPTIONS),
    version: 'bench',
    fsync: DEFAULT_OPTIONS['events.journal_fsync'],
    fsyncIntervalMs: DEFAULT_OPTIONS['events.journal_fsync_interval'],
    segmentBytes: DEFAULT_OPTIONS['events.journal_segment_bytes'],
    checkpointRecords: DEFAULT_OPTIONS['events.journal_checkpoint_records'],
    bytesMax: DEFAULT_OPTIONS['events.journal_max_bytes'],
    ageMaxMs: DEFAULT_OPTIONS['events.journal_max_age'],
    log: { info: () => undefined, warn: () => undefined, error: () => undefined },
  }
  const journal = await openJournal(options)
  if ('problem' in journal) throw new Error(journal.problem)
  return journal
}

/** Waits until nothing is left to be written. */
async function drained(journal: Journal): Promise<void> {
  do await new Promise((resolve) => setImmediate(resolve))
  while (journal.stats().queuedBytes > 0)
}

function objectsOf(kind: Resource['kind']): Resource[] {
  if (kind === 'ApiProxy') return many(ROUTES, manyApiProxy)
  if (kind === 'Service') return many(ROUTES, manyService)
  return kind === 'EndpointSlice' ? many(ROUTES, manySlice) : []
}

/** In turn an ApiProxy, a Service and an EndpointSlice. */
function changed(index: number): Resource {
  const route = (index * 7919) % ROUTES
  if (index % 3 === 0) return manyApiProxy(route, `/v${index}`)
  if (index % 3 === 1) return manyService(route, `team-${index}`)
  return { ...manySlice(route), ports: [{ name: 'http', port: 1024 + (index % 60_000) }] }
}

function count(all: Iterable<unknown>): number {
  let found = 0
  for (const _ of all) found += 1
  return found
}

function timed<T>(run: () => T): [value: T, ms: number] {
  const started = performance.now()
  return [run(), performance.now() - started]
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

if (import.meta.main) await benchJournal()
