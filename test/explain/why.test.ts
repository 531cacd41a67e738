// `whyOf` on journals of known histories: which record it names, and when it says that none did.

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { ResourceEvent } from '../../src/events/event.ts'
import { JournalReader } from '../../src/events/journal/reader.ts'
import { KINDS } from '../../src/resources/resource.ts'
import { whyOf, type WhyReport } from '../../src/explain/why.ts'
import { JournaledWorld, segmentsOf } from '../support/journal.ts'
import { apiProxy, mockTarget, secret, service } from '../support/manifests.ts'
import { tempFolder, type TempFolder } from '../support/temp-folder.ts'
import { deleted, listed, upserted } from '../support/world.ts'

let folder: TempFolder
beforeEach(async () => {
  folder = await tempFolder('why')
})
afterEach(() => folder.remove())

/** A journal of these batches, after a start that listed everything as empty. */
async function journal(...batches: readonly ResourceEvent[][]): Promise<JournalReader> {
  const world = await JournaledWorld.open(folder.path)
  world.batch(KINDS.map((kind) => listed(kind)))
  for (const batch of batches) world.batch(batch)
  await world.stop()
  const reader = JournalReader.open(folder.path)
  if ('problem' in reader) throw new Error(reader.problem)
  return reader
}

function ask(reader: JournalReader, path: string, revision?: number): WhyReport {
  const found = whyOf(reader, { method: 'GET', host: 'localhost', path, header: () => undefined }, revision)
  if ('problem' in found) throw new Error(found.problem)
  return found
}

const line = ({ event, before, after, diff }: WhyReport): string =>
  [
    event === null ? 'nothing' : `${event.type} ${event.kind}/${event.namespace}/${event.name}`,
    `${before?.reason ?? before?.outcome ?? 'none'} -> ${after.reason ?? after.outcome}`,
    diff.map(({ path, from, to }) => `${path}: ${from} -> ${to}`).join(', '),
  ].join('; ')

const toMock = (name: string, path = `/${name}`) => upserted(apiProxy(name).at(path).mock('m'))
const MOCK = upserted(mockTarget('m').route('/', 200, 'ok'))

describe('the change behind a decision', () => {
  test('is the one of its batch that did it, not those around it', async () => {
    const reader = await journal(
      [MOCK, toMock('a'), toMock('b')],
      [toMock('c'), upserted(apiProxy('a').at('/a').mock('gone')), toMock('d')],
      [toMock('e')],
    )
    expect(line(ask(reader, '/a/x'))).toBe(
      'upserted ApiProxy/default/a; ok -> mock_target_missing; spec.target.backend.mock.mockTargetName: m -> gone',
    )
  })

  test('never is what a batch did on the way and undid: it was never served', async () => {
    const again = upserted(mockTarget('m').route('/', 200, 'ok'))
    const gone = upserted(apiProxy('a').at('/a').mock('gone'))
    const reader = await journal(
      [MOCK, toMock('a')],
      [deleted(mockTarget('m')), again],
      [gone, toMock('a'), toMock('b')],
    )
    expect(line(ask(reader, '/a'))).toMatch(/^upserted ApiProxy\/default\/a; no_path_matched -> ok;/)
    expect(ask(reader, '/a').after.revision).toBe(2)
  })

  test('is told with what was served before its batch, not with what the batch passed through', async () => {
    const other = upserted(mockTarget('n').route('/', 201, 'ok'))
    const reader = await journal(
      [MOCK, toMock('a')],
      [upserted(apiProxy('a').at('/a').mock('n')), other],
      [toMock('b')],
    )
    const { before, after } = ask(reader, '/a')
    expect([before?.outcome, before?.revision, after.outcome, after.revision]).toEqual(['ok', 2, 'ok', 3])
  })

  test('may be in what the route refers to, and in its deletion', async () => {
    const reader = await journal([MOCK, toMock('a')], [deleted(mockTarget('m'))])
    expect(line(ask(reader, '/a'))).toMatch(
      /^deleted MockTarget\/default\/m; ok -> mock_target_missing; .*<redacted> -> null/,
    )
  })

  test('may be another route that took the request, by a longer path', async () => {
    const reader = await journal(
      [MOCK, toMock('a')],
      [upserted(apiProxy('thief').at('/a/x').mock('none'))],
      [toMock('z')],
    )
    expect(line(ask(reader, '/a/x/y'))).toMatch(
      /^upserted ApiProxy\/default\/thief; ok -> mock_target_missing;/,
    )
    expect(line(ask(reader, '/a/y'))).toMatch(/^upserted ApiProxy\/default\/a; no_path_matched -> ok;/)
  })

  test('may be that the route moved away, or went', async () => {
    const reader = await journal([MOCK, toMock('a')], [toMock('a', '/moved')])
    expect(line(ask(reader, '/a'))).toBe(
      'upserted ApiProxy/default/a; ok -> no_path_matched; spec.source.path: /a -> /moved',
    )
  })

  test('is the last one where the decision went back and forth', async () => {
    const broken = upserted(apiProxy('a').at('/a').mock('gone'))
    const reader = await journal([MOCK, toMock('a')], [broken], [toMock('a')], [broken], [toMock('b')])
    const report = ask(reader, '/a')
    expect(line(report)).toMatch(/^upserted ApiProxy\/default\/a; ok -> mock_target_missing/)
    expect(report.after.revision).toBe(5)
    expect(line(ask(reader, '/a', 4))).toMatch(/mock_target_missing -> ok/)
  })

  test('in what is never shown is told without it', async () => {
    const key = (value: string) => upserted(apiProxy('a').at('/a').mock('m').plugin('p', { password: value }))
    const reader = await journal([MOCK, key('one')], [key('two')])
    expect(line(ask(reader, '/a'))).toContain('spec.plugins[0].config.password: <redacted> -> <redacted>')
  })

  test('may be what happened while no gateway was there to see it', async () => {
    await journal([MOCK, toMock('a')], [toMock('b')])
    const world = await JournaledWorld.open(folder.path, { restore: false })
    const broken = apiProxy('a').at('/a').mock('gone')
    const mock = mockTarget('m').route('/', 200, 'ok')
    world.batch(
      KINDS.map((kind) => {
        if (kind === 'ApiProxy') return listed(kind, broken)
        return kind === 'MockTarget' ? listed(kind, mock) : listed(kind)
      }),
    )
    await world.stop()
    const reader = JournalReader.open(folder.path)
    if ('problem' in reader) throw new Error(reader.problem)
    expect(line(ask(reader, '/a'))).toBe(
      'listed ApiProxy/default/a; ok -> mock_target_missing; spec.target.backend.mock.mockTargetName: m -> gone',
    )
  })

  test('while no gateway was there is the one that the decision turns on, not the first that differs', async () => {
    const root = (host: string) => apiProxy('root').at('/').toEndpoint(`http://${host}`)
    await journal([MOCK, upserted(root('127.0.0.1:9')), toMock('a')])
    const world = await JournaledWorld.open(folder.path, { restore: false })
    world.batch(
      KINDS.map((kind) =>
        kind === 'ApiProxy'
          ? listed(kind, root('127.0.0.1:10'), apiProxy('a').at('/a').mock('m'))
          : listed(kind),
      ),
    )
    await world.stop()
    const reader = JournalReader.open(folder.path)
    if ('problem' in reader) throw new Error(reader.problem)
    const report = ask(reader, '/a')
    expect(line(report)).toMatch(/^listed MockTarget\/default\/m; ok -> mock_target_missing; /)
  })

  test('is one object of a list that changed several', async () => {
    const root = (host: string) => apiProxy('root').at('/').toEndpoint(`http://${host}`)
    const a = (mock: string) => apiProxy('a').at('/a').mock(mock)
    const reader = await journal(
      [MOCK, upserted(root('127.0.0.1:9')), upserted(a('m'))],
      [listed('ApiProxy', root('127.0.0.1:10'), a('gone'), apiProxy('b').at('/a/b').mock('m'))],
    )
    expect(line(ask(reader, '/a/x'))).toBe(
      'listed ApiProxy/default/a; ok -> mock_target_missing; spec.target.backend.mock.mockTargetName: m -> gone',
    )
  })

  test('is compared by whole batches where a batch lies in several segments', async () => {
    const world = await JournaledWorld.open(folder.path, { checkpointRecords: 1 })
    world.batch(KINDS.map((kind) => listed(kind)))
    world.batch([MOCK, toMock('a')])
    world.batch([deleted(mockTarget('m')), MOCK, toMock('b')])
    await world.stop()
    expect((await segmentsOf(folder.path)).length).toBeGreaterThan(2)
    const reader = JournalReader.open(folder.path)
    if ('problem' in reader) throw new Error(reader.problem)
    expect(line(ask(reader, '/a'))).toMatch(/^upserted ApiProxy\/default\/a; no_path_matched -> ok;/)
  })

  test('is none where nothing that concerns the request changed', async () => {
    const reader = await journal(
      [MOCK, toMock('b')],
      [upserted(service('s').port(80)), upserted(secret('x'))],
    )
    expect(line(ask(reader, '/nowhere'))).toBe('nothing; none -> no_path_matched; ')
  })
})
