// The gateway and its journal as processes: killed in the middle of a burst of changes, and started while its source is
// away. What the journal says is what was live, and what was last known is served, with the truth about it on every signal.

import { mkdir, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { JournalReader } from '../../src/events/journal/reader.ts'
import { keyPair } from '../support/api-keys.ts'
import { createAuthority } from '../support/certificates.ts'
import { Exposition } from '../support/exposition.ts'
import { type GatewayProcess, startGatewayProcess } from '../support/gateway-process.ts'
import { httpRequest } from '../support/http-client.ts'
import { hashOf, textOf } from '../support/journal.ts'
import { apiKeyBinding, apiProxy, mockTarget, secret } from '../support/manifests.ts'
import { expectFailure, observe } from '../support/observed.ts'
import { startOtlpSink } from '../support/otlp-sink.ts'
import { tempFolder, type TempFolder } from '../support/temp-folder.ts'
import { startUpstream } from '../support/upstream.ts'
import { answers } from '../support/upstream-scripts.ts'
import { waitUntil } from '../support/wait-until.ts'
import { yamlOf } from '../support/watched-directory.ts'

let temp: TempFolder
let journal: string
let manifests: string

beforeEach(async () => {
  temp = await tempFolder('journal-restart')
  journal = path.join(temp.path, 'journal')
  manifests = path.join(temp.path, 'manifests')
  await mkdir(manifests)
})
afterEach(() => temp.remove())

const write = (name: string, text: string): Promise<string> => temp.write(`manifests/${name}`, text)

function start(otlpUrl?: string, flags: Readonly<Record<string, string>> = {}): Promise<GatewayProcess> {
  return startGatewayProcess({
    ...(otlpUrl !== undefined && { otlpUrl }),
    flags: {
      'source.directory': manifests,
      'events.journal_dir': journal,
      'events.start_from_journal': 'true',
      ...flags,
    },
  })
}

interface Seen {
  readonly revision: number
  readonly hash: string
}

async function seen(gateway: GatewayProcess): Promise<Seen> {
  const page = await fetch(`http://127.0.0.1:${gateway.profilingPort}/debug/snapshot`)
  const { revision, hash } = (await page.json()) as Seen
  return { revision, hash }
}

function reader(): JournalReader {
  const opened = JournalReader.open(journal)
  if ('problem' in opened) throw new Error(opened.problem)
  return opened
}

function replayedHash(revision: number): string {
  const moment = reader().at({ revision })
  return 'problem' in moment ? moment.problem : hashOf(moment.state)
}

describe('a gateway that is killed', () => {
  test('in the middle of a burst starts again, and its journal says what was live', async () => {
    await write('first.yaml', yamlOf(apiProxy('p0').at('/p0').toEndpoint('http://127.0.0.1:9')))
    const live = new Map<number, string>()
    const killed = await start(undefined, { 'events.journal_checkpoint_records': '10' })
    const look = async (gateway: GatewayProcess): Promise<void> => {
      const { revision, hash } = await seen(gateway)
      live.set(revision, hash)
    }
    for (let round = 0; round < 40; round += 1) {
      await write(
        `p${round % 7}.yaml`,
        yamlOf(
          apiProxy(`q${round % 7}`)
            .at(`/v${round}`)
            .toEndpoint('http://127.0.0.1:9'),
        ),
      )
      if (round > 5) await look(killed)
      await waitUntil(async () => (await seen(killed)).revision > round / 8, 'changes are live', {
        everyMs: 2,
      })
    }
    killed.process.kill('SIGKILL')
    await killed.process.exited

    const last = reader().range()?.lastRevision ?? 0
    expect(last).toBeGreaterThan(3)
    // What was live when the process ended may not have reached the file.
    const checked = [...live].filter(([revision]) => revision > 0 && revision < last)
    expect(checked.length).toBeGreaterThan(0)
    for (const [revision, hash] of checked) expect(replayedHash(revision), `revision ${revision}`).toBe(hash)

    await using again = await start()
    const now = await seen(again)
    expect(now.revision).toBeGreaterThan(last)
    await waitUntil(() => replayedHash(now.revision) === now.hash, 'the journal has what is live now')
    const revisions = new Set(Array.from(reader().records(), ({ record }) => record.revision))
    expect(Math.max(...revisions)).toBe((await seen(again)).revision)
  })
})

describe('a gateway that is started while its source is away', () => {
  test('serves what was last known, says that it is stale, and has no bytes of Secrets until they are read', async () => {
    await using sink = await startOtlpSink()
    const authority = createAuthority()
    await using upstream = await startUpstream(answers(), { tls: authority.server(), host: 'localhost' })
    const kept = [
      apiProxy('shop').at('/shop').mock('ok'),
      apiProxy('safe').at('/safe').toEndpoint(`https://localhost:${upstream.port}`).ssl('ca'),
      mockTarget('ok').route('/', 200, 'from the mock'),
      secret('ca').enabled().ca(authority.certificate),
    ]
    await write('kept.yaml', yamlOf(...kept))
    await write('gone.yaml', yamlOf(apiProxy('gone').at('/gone').mock('ok')))
    const first = await start()
    expect((await httpRequest(first.port, 'GET', '/safe')).status).toBe(200)
    const before = await seen(first)
    await waitUntil(() => replayedHash(before.revision) === before.hash, 'the journal has it all')
    await first.stop()
    const away = path.join(temp.path, 'away')
    await rename(manifests, away)
    await rm(path.join(away, 'gone.yaml'))

    await using gateway = await start(sink.httpUrl)
    expect((await httpRequest(gateway.port, 'GET', '/shop')).text).toBe('from the mock')
    expect((await httpRequest(gateway.port, 'GET', '/gone')).status).toBe(200)
    const observed = await observe(gateway, sink, () => httpRequest(gateway.port, 'GET', '/safe'))
    expectFailure(observed, 'secret_not_restored')
    expect(observed.server.attributes['kanali.snapshot.stale']).toBe(true)
    const stale = new Exposition(await gateway.metrics(), 'text/plain').samples(
      'kanali_source_stale_seconds',
      {},
    )
    expect(stale[0]?.value).toBeGreaterThan(0)
    const readiness = await gateway.readiness()
    expect(readiness.status).toBe(200)
    expect(JSON.parse(readiness.text)).toMatchObject({ ready: true, status: 'degraded' })
    expect(readiness.text).toContain('source_stale')

    await rename(away, manifests)
    await waitUntil(
      async () => (await httpRequest(gateway.port, 'GET', '/safe')).status === 200,
      'the Secret has been read, though it is the same',
    )
    expect((await httpRequest(gateway.port, 'GET', '/gone')).status).toBe(404)
    expect(JSON.parse((await gateway.readiness()).text)).toMatchObject({ status: 'ok', reasons: [] })
    const text = await textOf(journal)
    expect(text).toContain('"type":"restored"')
    expect(text).not.toContain('BEGIN CERTIFICATE')
  })

  test('lets in whom the private key of this process lets in, and nobody by what the journal says', async () => {
    await using keys = await keyPair()
    await using other = await keyPair()
    await write(
      'keys.yaml',
      yamlOf(
        apiProxy('shop').at('/shop').mock('ok').plugin('apikey', { bindingName: 'all' }),
        mockTarget('ok').route('/', 200, 'ok'),
        apiKeyBinding('all').key('partner', { defaultRule: { global: true } }),
        keys.apiKey('partner', 'a-clear-key'),
      ),
    )
    const statusOf = async (gateway: GatewayProcess): Promise<number> =>
      (await httpRequest(gateway.port, 'GET', '/shop', { headers: { apikey: 'a-clear-key' } })).status
    const first = await start(undefined, { 'plugins.apiKey.decryption_key_file': keys.file })
    await waitUntil(async () => (await statusOf(first)) === 200, 'the key is decrypted')
    await waitUntil(async () => (await textOf(journal)).includes('"type":"decrypted"'), 'the journal has it')
    await first.stop()
    await rename(manifests, path.join(temp.path, 'away'))

    const same = await start(undefined, { 'plugins.apiKey.decryption_key_file': keys.file })
    await waitUntil(async () => (await statusOf(same)) === 200, 'the key is decrypted again')
    await same.stop()
    const foreign = await start(undefined, { 'plugins.apiKey.decryption_key_file': other.file })
    expect(await statusOf(foreign)).toBe(401)
    await foreign.stop()
    const without = await start()
    expect(await statusOf(without)).toBe(401)
    await without.stop()
    expect(await textOf(journal)).not.toContain('a-clear-key')
  })

  test('begins anew without start_from_journal, with the next revision, and the journal keeps both', async () => {
    await write('a.yaml', yamlOf(apiProxy('a').at('/a').toEndpoint('http://127.0.0.1:9')))
    const first = await start(undefined, { 'events.start_from_journal': 'false' })
    const { revision, hash } = await seen(first)
    await first.stop()
    await using second = await start(undefined, { 'events.start_from_journal': 'false' })
    expect(await seen(second)).toEqual({ revision: revision + 1, hash })
    expect(replayedHash(revision)).toBe(hash)
  })
})

describe('a gateway whose disk takes no more', () => {
  test('answers requests as before, and says so on readiness, metrics and log', async () => {
    await write('m.yaml', yamlOf(mockTarget('ok').route('/', 200, 'ok'), apiProxy('p').at('/p').mock('ok')))
    // No file may be longer than 8 KiB: a write beyond that fails as on a disk that is full.
    await using gateway = await startGatewayProcess({
      prefix: ['sh', '-c', 'trap "" XFSZ; ulimit -f 16; exec "$@"', 'sh'],
      flags: { 'source.directory': manifests, 'events.journal_dir': journal },
    })
    const dropped = async (): Promise<number> =>
      new Exposition(await gateway.metrics(), 'text/plain').samples(
        'kanali_journal_records_dropped_total',
        {},
      )[0]?.value ?? 0
    let round = 0
    const said = await waitUntil(
      async () => {
        round += 1
        const many = Array.from({ length: 20 }, (_, index) =>
          apiProxy(`p${index}`).at(`/p${index}/${round}`).mock('ok'),
        )
        await write('many.yaml', yamlOf(...many))
        const { status, text } = await gateway.readiness()
        return (await dropped()) > 0 && status === 200 && text.includes('cannot be written (EFBIG)') && text
      },
      'records are dropped',
      { everyMs: 50 },
    )
    expect((await httpRequest(gateway.port, 'GET', '/p')).text).toBe('ok')
    await gateway.logLine((line) => line['msg'] === 'the journal cannot be written: records are dropped')
    expect(JSON.parse(said)).toMatchObject({ ready: true, status: 'degraded' })
    expect(said).toContain('journal_failing')
    const journalConditions = async (): Promise<unknown> => {
      const answer = await httpRequest(gateway.profilingPort, 'GET', '/debug/snapshot?kind=Journal')
      return (JSON.parse(answer.text) as { conditions: { items: unknown } }).conditions.items
    }
    expect(await journalConditions()).toMatchObject([
      { kind: 'Journal', name: journal, type: 'Accepted', status: 'False', reason: 'JournalFailing' },
    ])
    const counted = new Exposition(await gateway.metrics(), 'text/plain').samples(
      'kanali_resource_conditions',
      { kind: 'Journal', reason: 'JournalFailing' },
    )
    expect(counted.map(({ value }) => value)).toEqual([1])
  })
})

describe('a gateway with a journal of another', () => {
  test('does not start, and says whose it is', async () => {
    await using first = await start()
    const second = await startGatewayProcess({
      flags: { 'source.directory': manifests, 'events.journal_dir': journal },
      waitUntilReady: false,
    })
    expect(await second.process.exited).toEqual({ code: 1, signal: null })
    expect(second.process.stderr).toMatch(
      /^kanali: events\.journal_dir: .* is written to by process \d+ since .*: each gateway needs a folder of its own$/m,
    )
    await second.stop()
    expect((await first.readiness()).status).toBe(200)
  })
})
