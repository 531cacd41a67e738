// Editing files while the gateway serves: what people, editors and mounted ConfigMaps do to a folder is live, what stops
// parsing keeps what it last said, and everything that is wrong is said on condition, log and metric.

import { mkdir, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Exposition } from '../support/exposition.ts'
import { type GatewayProcess, startGatewayProcess } from '../support/gateway-process.ts'
import { httpRequest } from '../support/http-client.ts'
import { apiProxy, mockTarget } from '../support/manifests.ts'
import { waitUntil } from '../support/wait-until.ts'

let gateway: GatewayProcess

beforeEach(async () => {
  gateway = await startGatewayProcess({
    manifests: { 'mocks.yaml': [mock('one').build(), mock('two').build()] },
  })
})
afterEach(() => gateway.stop())

const mock = (name: string) => mockTarget(name).route('/', 200, name)
const route = (target: string, name = 'route') => apiProxy(name).at('/route').mock(target).build()
const json = (value: unknown): string => JSON.stringify(value)

/** Waits until the route answers so; undefined is code 00. */
async function untilAnswered(body: string | undefined, at = '/route'): Promise<void> {
  await waitUntil(
    async () => {
      const response = await httpRequest(gateway.port, 'GET', at)
      return body === undefined ? response.status === 404 : response.text === body
    },
    `${at} answers ${body ?? 'code 00'}`,
  )
}

async function metric(name: string, labels: Record<string, string> = {}): Promise<number | undefined> {
  return new Exposition(await gateway.metrics(), 'text/plain').value(name, labels)
}

describe('what a person does', () => {
  test('create, edit, rename and delete are live, each as a revision of its own', async () => {
    await gateway.write('a.yaml', route('one'))
    await untilAnswered('one')
    const first = (await metric('kanali_snapshot_revision')) ?? 0
    await gateway.write('a.yaml', route('two'))
    await untilAnswered('two')
    expect(await metric('kanali_snapshot_revision')).toBe(first + 1)
    await rename(path.join(gateway.folder.path, 'a.yaml'), path.join(gateway.folder.path, 'b.json'))
    await untilAnswered('two')
    await gateway.remove('b.json')
    await untilAnswered(undefined)
    expect(await metric('kanali_event_propagation_seconds_count')).toBeGreaterThanOrEqual(3)
  })

  test('folders, several documents in a file and List objects are read', async () => {
    await gateway.write('team/deeper/all.yaml', [
      route('one'),
      { apiVersion: 'v1', kind: 'List', items: [apiProxy('listed').at('/listed').mock('two').build()] },
    ])
    await untilAnswered('one')
    await untilAnswered('two', '/listed')
    await rm(path.join(gateway.folder.path, 'team'), { recursive: true })
    await untilAnswered(undefined, '/listed')
  })
})

describe('what an editor does', () => {
  test('a new file is moved over the old one', async () => {
    await gateway.write('a.yaml', route('one'))
    await untilAnswered('one')
    const swap = path.join(gateway.folder.path, '.a.yaml.swp')
    await writeFile(swap, json(route('two')))
    await rename(swap, path.join(gateway.folder.path, 'a.yaml'))
    await untilAnswered('two')
  })
})

describe('what a mounted ConfigMap does', () => {
  test('..data is swapped from one folder to another', async () => {
    const root = gateway.folder.path
    const version = async (name: string, target: string): Promise<void> => {
      await mkdir(path.join(root, name))
      await writeFile(path.join(root, name, 'route.yaml'), json(route(target)))
      await symlink(name, path.join(root, '..data_tmp'))
      await rename(path.join(root, '..data_tmp'), path.join(root, '..data'))
    }
    await version('..2026_01', 'one')
    await symlink('..data/route.yaml', path.join(root, 'route.yaml'))
    await untilAnswered('one')
    await version('..2026_02', 'two')
    await untilAnswered('two')
    await rm(path.join(root, '..2026_01'), { recursive: true })
    expect(await readdir(root)).toContain('..data')
    await untilAnswered('two')
  })
})

describe('what is wrong', () => {
  test('a file that stops parsing keeps its last good objects, and says so until it parses', async () => {
    await gateway.write('a.yaml', route('one'))
    await untilAnswered('one')
    await gateway.write('a.yaml', 'apiVersion: kanali.io/v2\nkind: [unclosed\n')
    const line = await gateway.logLine(({ level, name }) => level === 'warn' && name === 'a.yaml')
    expect(line['msg']).toMatch(/line|2:/)
    expect((await httpRequest(gateway.port, 'GET', '/route')).text).toBe('one')
    expect(await metric('kanali_source_problems')).toBe(1)
    expect(await metric('kanali_resource_conditions', { kind: 'File' })).toBe(1)
    await gateway.write('a.yaml', route('two'))
    await untilAnswered('two')
    expect(await metric('kanali_source_problems')).toBe(0)
  })

  test('two files with the same object: one wins whatever the order, and the other is named', async () => {
    await gateway.write('b.yaml', route('two'))
    await untilAnswered('two')
    await gateway.write('a.yaml', route('one'))
    const line = await gateway.logLine(({ reason }) => reason === 'DuplicateObject')
    expect(`${String(line['name'])} ${String(line['msg'])}`).toMatch(/a\.yaml.*b\.yaml|b\.yaml.*a\.yaml/)
    const won = (await httpRequest(gateway.port, 'GET', '/route')).text
    await using again = await startGatewayProcess({
      manifests: {
        'mocks.yaml': [mock('one').build(), mock('two').build()],
        'a.yaml': route('one'),
        'b.yaml': route('two'),
      },
    })
    await gateway.write('c.yaml', apiProxy('marker').at('/marker').mock('one').build())
    await untilAnswered('one', '/marker')
    expect((await httpRequest(gateway.port, 'GET', '/route')).text).toBe(won)
    expect((await httpRequest(again.port, 'GET', '/route')).text).toBe(won)
  })

  test('a bad object fails alone, with object, field, value and rule in the log', async () => {
    await gateway.write('mixed.yaml', [
      apiProxy('bad')
        .at('/bad')
        .patched('spec.target.backend', { service: { name: 'x', port: 70_000 } })
        .build(),
      route('one'),
    ])
    await untilAnswered('one')
    const line = await gateway.logLine(({ name, level }) => name === 'bad' && level === 'warn')
    for (const word of ['spec.target.backend.service.port', '70000', '65535'])
      expect(line['msg']).toContain(word)
  })
})
