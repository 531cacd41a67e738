// `kanali replay` and `kanali diff` as a person runs them: their words, their documents, their exit statuses.

import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { frame, unframe } from '../../src/events/journal/frame.ts'
import { type JournalLine, isRecord } from '../../src/events/journal/record.ts'
import { copySegments, JournaledWorld, segmentsOf } from '../support/journal.ts'
import { apiProxy, mockTarget, service } from '../support/manifests.ts'
import { RunningProcess } from '../support/running-process.ts'
import { tempFolder, type TempFolder } from '../support/temp-folder.ts'
import { deleted, listed, upserted } from '../support/world.ts'
import { KINDS } from '../../src/resources/resource.ts'

const CLI = path.join(import.meta.dirname, '../../src/cli/kanali.ts')
const CHANGED_BY = {
  manager: 'helm',
  operation: 'Update',
  time: '2026-01-31T12:00:00Z',
  fieldsV1: { 'f:spec': {} },
}

let temp: TempFolder
let folder: string
/** Of the last record of each revision. */
const times: Record<number, string> = {}
let begin: string | undefined

function run(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, ...args], { encoding: 'utf8' })
  return { status, out: stdout, said: stderr }
}

const shop = (port: number) =>
  apiProxy('shop')
    .at('/shop')
    .toEndpoint(`http://127.0.0.1:${port}`)
    .plugin('header', { password: 'pc-5ecre7' })
    .patched('metadata.managedFields', [CHANGED_BY])
    .patched('metadata.resourceVersion', String(port))

beforeAll(async () => {
  temp = await tempFolder('journal-commands')
  folder = path.join(temp.path, 'journal')
  const world = await JournaledWorld.open(folder, { restore: false })
  const mock = mockTarget('ok').route('/', 200, 'body-5ecre7')
  world.batch(
    KINDS.map((kind) =>
      kind === 'ApiProxy' ? listed(kind, shop(1), apiProxy('old').at('/old').mock('ok')) : listed(kind),
    ),
  )
  world.batch([upserted(mock)])
  world.batch([upserted(shop(2)), upserted(service('unrelated').port(80))])
  world.batch([
    upserted(apiProxy('new').at('/new').mock('ok')),
    deleted(apiProxy('old').at('/old').mock('ok')),
  ])
  await world.stop()
  for (const line of readFileSync(path.join(folder, (await segmentsOf(folder))[0] ?? ''))
    .toString()
    .trim()
    .split('\n')) {
    const value = unframe(Buffer.from(line))
    if (value !== undefined && isRecord(value)) {
      times[value.revision] = new Date(value.observedAt).toISOString()
      begin ??= times[value.revision]
    }
  }
})
afterAll(() => temp.remove())

const route = (name: string, path: string) => ({ namespace: 'default', apiproxy: name, path })

describe('kanali replay', () => {
  test('shows state and snapshot at the end, and at a revision', () => {
    const end = parse(run('replay', '--journal', folder).out)
    expect(end).toMatchObject({ revision: 4, served: true, time: times[4] })
    expect(end.snapshot.routes.items).toMatchObject([route('new', '/new'), route('shop', '/shop')])
    const first = JSON.parse(run('replay', '--journal', folder, '--at', '1', '--output', 'json').out)
    expect(first).toMatchObject({ revision: 1 })
    expect(first.snapshot.routes.items).toMatchObject([route('old', '/old'), route('shop', '/shop')])
    expect(first.state.kinds.ApiProxy.objects[1].target.backend.port).toBe(1)
    expect(first.options['routing.cross_namespace']).toBe('warn')
  })

  test('shows one of the two', () => {
    const state = parse(run('replay', '--journal', folder, '--state').out)
    expect(Object.keys(state)).toEqual(['revision', 'hash', 'time', 'served', 'state'])
    const snapshot = parse(run('replay', '--journal', folder, '--snapshot').out)
    expect(Object.keys(snapshot)).toEqual(['revision', 'hash', 'time', 'served', 'options', 'snapshot'])
  })

  test('shows what was known at a time', () => {
    expect(parse(run('replay', '--journal', folder, '--at', times[4] ?? '').out).revision).toBe(4)
    expect(run('replay', '--journal', folder, '--at', '2020-01-01T00:00:00Z')).toMatchObject({
      status: 1,
      said: `kanali replay: 2020-01-01T00:00:00.000Z is not in the journal: it holds revisions 1 to 4, ${begin} to ${times[4]}\n`,
    })
  })

  test('shows no value that may be secret', () => {
    const { out } = run('replay', '--journal', folder)
    expect(out).toContain('<redacted>')
    expect(out).not.toContain('5ecre7')
  })

  test('says what is wrong in one line', () => {
    expect(run('replay', '--journal', path.join(temp.path, 'nowhere'))).toEqual({
      status: 1,
      out: '',
      said: `kanali replay: there is no folder ${path.join(temp.path, 'nowhere')}\n`,
    })
    expect(run('replay', '--journal', temp.path).said).toBe(
      `kanali replay: there is no journal in ${temp.path}\n`,
    )
    expect(run('replay', '--journal', folder, '--at', '99')).toMatchObject({
      status: 1,
      said: `kanali replay: revision 99 is not in the journal: it holds revisions 1 to 4, ${begin} to ${times[4]}\n`,
    })
    expect(run('replay', '--journal', folder, '--at', 'yesterday').status).toBe(2)
    expect(run('replay').status).toBe(2)
    expect(run('replay', '--journal', folder, '--output', 'xml').status).toBe(2)
    expect(run('replay', '--help').out).toContain('Exit status: 0 done, 1 there is no journal')
  })

  test('of a journal that is damaged in its middle shows the rest, and says what is missing', async () => {
    const copy = path.join(temp.path, 'damaged')
    await copySegments(folder, copy)
    const file = path.join(copy, (await segmentsOf(copy))[0] ?? '')
    const text = readFileSync(file, 'utf8')
    writeFileSync(file, text.replace('unrelated', 'unrelateD'))
    const { said, status } = run('replay', '--journal', copy, '--at', '4')
    expect(status).toBe(1)
    expect(said).toMatch(
      /^kanali replay: revision 4 is not in the journal: .*; segment \d{16}\.journal: a record is damaged at byte \d+\n$/,
    )
    expect(parse(run('replay', '--journal', copy, '--at', '2').out).revision).toBe(2)
  })

  test('follows a journal that is being written, until it is interrupted', async () => {
    const live = path.join(temp.path, 'live')
    const world = await JournaledWorld.open(live)
    world.batch(KINDS.map((kind) => listed(kind)))
    await world.stop()
    const following = new RunningProcess(process.execPath, [
      CLI,
      'replay',
      '--journal',
      live,
      '--follow',
      '--output=json',
      '--snapshot',
    ])
    await following.until(() => following.stdout.includes('"revision":1'), 'the state is shown')
    const again = await JournaledWorld.open(live, { checkpointRecords: 10 })
    for (let index = 0; index < 30; index += 1) again.batch([upserted(service(`s${index}`).port(80))])
    await following.until(() => following.stdout.includes('Service/default/s29'), 'all records are shown')
    await again.stop()
    following.kill('SIGINT')
    expect(await following.exited).toEqual({ code: 0, signal: null })
    const lines = following.stdout
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => JSON.parse(line))
    expect(lines.map(({ type }) => type)).toEqual([
      'restored',
      ...Array.from({ length: 30 }, () => 'upserted'),
    ])
    expect(following.stderr).toBe('')
  })
})

describe('kanali diff', () => {
  test('shows which routes differ, in what, and which event made each of them so', () => {
    const { out, status } = run('diff', '2', '4', '--journal', folder)
    expect(status).toBe(0)
    const { hash: _, ...from } = parse(out).from
    expect(from).toEqual({ revision: 2, time: times[2] })
    expect(parse(out).routes).toEqual([
      {
        namespace: 'default',
        apiproxy: 'new',
        change: 'added',
        fields: expect.arrayContaining([{ field: 'path', to: '/new' }]),
        events: [expect.objectContaining({ type: 'upserted', revision: 4, name: 'new' })],
      },
      {
        namespace: 'default',
        apiproxy: 'old',
        change: 'removed',
        fields: expect.arrayContaining([{ field: 'path', from: '/old' }]),
        events: [expect.objectContaining({ type: 'deleted', revision: 4, name: 'old' })],
      },
      {
        namespace: 'default',
        apiproxy: 'shop',
        change: 'changed',
        fields: [{ field: 'target.endpoints[0]', from: '127.0.0.1:1', to: '127.0.0.1:2' }],
        events: [
          {
            seq: 9,
            revision: 3,
            time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
            type: 'upserted',
            source: 'test',
            kind: 'ApiProxy',
            namespace: 'default',
            name: 'shop',
            changed: ['ApiProxy/default/shop'],
            resourceVersion: '2',
            changedBy: { manager: 'helm', time: '2026-01-31T12:00:00.000Z' },
          },
        ],
      },
    ])
  })

  test('names the object that a route depends on, and never a value that may be secret', () => {
    const { out } = run('diff', '1', '2', '--journal', folder, '--output', 'json')
    const { routes } = JSON.parse(out)
    expect(routes).toHaveLength(1)
    expect(routes[0]).toMatchObject({ apiproxy: 'old', change: 'changed' })
    expect(routes[0].fields).toContainEqual({ field: 'target.routes[0].body', to: '<redacted>' })
    expect(routes[0].events).toMatchObject([{ kind: 'MockTarget', changed: ['MockTarget/default/ok'] }])
    expect(out).not.toContain('5ecre7')
  })

  test('says what is wrong in one line', () => {
    expect(run('diff', '4', '2', '--journal', folder)).toMatchObject({ status: 2 })
    expect(run('diff', 'a', 'b', '--journal', folder).said).toBe(
      'kanali diff: two revisions are needed, the older one first\n',
    )
    expect(run('diff', '2', '7', '--journal', folder)).toMatchObject({
      status: 1,
      said: expect.stringContaining('revision 7 is not in the journal: it holds revisions 1 to 4'),
    })
    expect(run('diff', '2', '--journal', folder).status).toBe(2)
  })
})

test('text in a journal never reaches a terminal as control characters', async () => {
  const copy = path.join(temp.path, 'hostile')
  await copySegments(folder, copy)
  const file = path.join(copy, (await segmentsOf(copy))[0] ?? '')
  const lines = readFileSync(file, 'utf8').trim().split('\n')
  const hostile = lines.map((line) => {
    const value = unframe(Buffer.from(line))
    const text = JSON.stringify(value).replaceAll('"/shop"', '"/shop\\u001b[31m\\u009b\\u202e"')
    return frame(JSON.parse(text) as JournalLine)
  })
  writeFileSync(file, hostile.join(''))
  for (const output of ['yaml', 'json']) {
    for (const args of [['replay'], ['diff', '1', '4']]) {
      const { out, status } = run(...args, '--journal', copy, '--output', output)
      expect(status).toBe(0)
      expect(out).toContain('shop')
      expect(out.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u)
    }
  }
})
