// What the pipeline tells a journal, and how it goes on from one.

import { Subject } from 'rxjs'
import { expect, test } from 'vitest'
import { DEFAULT_OPTIONS } from '../src/config/options.ts'
import type { ResourceEvent } from '../src/events/event.ts'
import type { Entry } from '../src/events/journal/writer.ts'
import { type PipelineOptions, runPipeline } from '../src/pipeline.ts'
import { KINDS } from '../src/resources/resource.ts'
import { Current } from '../src/snapshot/current.ts'
import { apiProxy, service } from './support/manifests.ts'
import { recordingLog } from './support/watched-directory.ts'
import { waitUntil } from './support/wait-until.ts'
import { askOutcome, listed, stateOf, upserted } from './support/world.ts'

function start(overrides: Partial<PipelineOptions> = {}) {
  const source = new Subject<ResourceEvent>()
  const entries: Entry[] = []
  const current = new Current()
  const log = recordingLog()
  const pipeline = runPipeline({
    sources: [source],
    options: DEFAULT_OPTIONS,
    current,
    onPublished: () => undefined,
    log,
    journal: { append: (entry) => entries.push(entry) },
    ...overrides,
  })
  const revision = (wanted: number) =>
    waitUntil(
      () => current.snapshot.revision === wanted,
      () => `revision ${wanted}, not ${current.snapshot.revision}`,
    )
  return { source, entries, current, log, pipeline, revision, [Symbol.dispose]: () => pipeline.stop() }
}

const proxy = (name: string) => apiProxy(name).at(`/${name}`).toEndpoint('http://127.0.0.1:1')
const RESTORED: ResourceEvent = { type: 'restored', source: 'journal', observedAt: 2, since: 1 }

test('a journal gets what changed something, with the revision that it led to and the keys that it touched', async () => {
  using running = start({ revisionBefore: 40 })
  for (const kind of KINDS) running.source.next(listed(kind))
  await running.revision(41)
  running.source.next(upserted(proxy('a')))
  running.source.next(upserted(proxy('a')))
  running.source.next(upserted(service('b').port(80).uid('1')))
  await running.revision(42)
  // Of a kind without a status a uid alone makes no revision: it is part of the one that is live.
  running.source.next(upserted(service('b').port(80).uid('2')))
  running.source.next(upserted(proxy('c')))
  await running.revision(43)
  expect(running.entries.slice(0, KINDS.length).map(({ revision }) => revision)).toEqual(KINDS.map(() => 41))
  expect(running.entries.slice(KINDS.length).map(({ revision, keys }) => ({ revision, keys }))).toEqual([
    { revision: 42, keys: ['ApiProxy/default/a'] },
    { revision: 42, keys: ['Service/default/b'] },
    { revision: 42, keys: [] },
    { revision: 43, keys: ['ApiProxy/default/c'] },
  ])
  expect(running.entries.at(-1)?.state).toMatchObject({ digest: running.pipeline.state.digest })
})

test('what a former process knew is live at once, with the next revision, and the first list is compared with it', async () => {
  const state = stateOf(proxy('kept'), proxy('gone'))
  using running = start({ restored: state, revisionBefore: 7, initial: [RESTORED] })
  await running.pipeline.settled
  expect(running.current.snapshot).toMatchObject({ revision: 8, staleSince: 1 })
  expect(askOutcome(running.current.snapshot, '/gone')).toContain('default/gone')
  for (const kind of KINDS)
    running.source.next(kind === 'ApiProxy' ? listed(kind, proxy('kept')) : listed(kind))
  await running.revision(9)
  expect(running.current.snapshot.staleSince).toBeUndefined()
  expect(askOutcome(running.current.snapshot, '/gone')).toContain('00 ')
  expect(running.entries.map(({ event }) => event.type)).toEqual(['restored', ...KINDS.map(() => 'listed')])
  expect(running.entries[1]?.keys).toEqual(['ApiProxy/default/gone'])
})

test('a journal that throws costs nothing but a line of the log', async () => {
  using running = start({
    journal: {
      append() {
        throw new Error('broken')
      },
    },
  })
  for (const kind of KINDS)
    running.source.next(listed(kind, ...(kind === 'Service' ? [service('a').port(80)] : [])))
  await running.revision(1)
  expect(running.current.snapshot.counts.Service).toBe(1)
  expect(running.log.lines[0]).toMatchObject({ level: 'error', message: 'the journal failed' })
})
