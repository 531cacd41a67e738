// Rubbish on the port of the admission webhook: whatever comes, the next review is answered, nothing is held for long, and
// no line of the log is the writing of a stranger.

import { connect as connectPlain, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { tempFolder, type TempFolder } from '../support/temp-folder.ts'
import { startValidator, type ValidatorProcess } from '../support/validator-process.ts'
import { waitUntil } from '../support/wait-until.ts'

let folder: TempFolder
let validator: ValidatorProcess

beforeAll(async () => {
  folder = await tempFolder('webhook')
  await folder.write(
    'manifests/taken.json',
    JSON.stringify({
      apiVersion: 'kanali.io/v2',
      kind: 'ApiProxy',
      metadata: { name: 'taken', namespace: 'shop', creationTimestamp: '2026-01-01T00:00:00Z' },
      spec: {
        source: { path: '/taken' },
        target: { path: '/', backend: { endpoint: 'http://127.0.0.1:1' } },
      },
    }),
  )
  validator = await startValidator({ 'source.directory': `${folder.path}/manifests` })
})
afterAll(async () => {
  await validator?.stop()
  await folder?.remove()
})

const reviewOf = (path: string, name = 'second') =>
  JSON.stringify({
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid: 'u',
      kind: { group: 'kanali.io', version: 'v2', kind: 'ApiProxy' },
      operation: 'CREATE',
      namespace: 'shop',
      object: {
        apiVersion: 'kanali.io/v2',
        kind: 'ApiProxy',
        metadata: { name, namespace: 'shop' },
        spec: { source: { path }, target: { path: '/', backend: { endpoint: 'http://127.0.0.1:1' } } },
      },
    },
  })

async function expectItAnswers(): Promise<void> {
  const { status, text } = await validator.ask('POST', '/validate', reviewOf('/taken'))
  expect(status).toBe(200)
  expect(JSON.parse(text)).toMatchObject({ response: { uid: 'u', allowed: false, status: { code: 409 } } })
}

const port = () => Number(new URL(validator.url).port)

/** Writes to a connection and gives what came back, once it is closed. */
function said(socket: Socket, text: string): Promise<string> {
  let answer = ''
  socket.setEncoding('latin1').on('data', (part: string) => {
    answer += part
  })
  socket.on('error', () => undefined)
  socket.write(text)
  return new Promise((resolve) => socket.on('close', () => resolve(answer)))
}

const plain = () => connectPlain(port(), '127.0.0.1')
const secure = () => connectTls({ port: port(), host: '127.0.0.1', ca: validator.authority.certificate })

test('is answered with nothing that a program could be fooled by, and the next review is answered', async () => {
  await said(plain(), 'GET /validate HTTP/1.1\r\nhost: x\r\n\r\n')
  await said(plain(), '\u0016\u0003\u0001\u00ff\u00ff'.padEnd(500, '\u0000'))
  expect(await said(secure(), 'rubbish\r\n\r\n')).toContain('400 Bad Request')
  expect(await said(secure(), `GET /${'a'.repeat(100_000)} HTTP/1.1\r\n\r\n`)).toMatch(/431|400/)
  await expectItAnswers()
})

test.each([
  ['deeply nested', `${'['.repeat(500_000)}${']'.repeat(500_000)}`, 400],
  ['no UTF-8', '\u00ff\u00fe', 400],
  ['a review of nothing', JSON.stringify({ request: { uid: 'u' } }), 200],
  [
    'a review of something odd',
    JSON.stringify({
      request: { uid: 'u', operation: 'CREATE', kind: { group: 'kanali.io' }, object: { spec: 7 } },
    }),
    200,
  ],
])('a body that is %s is answered', async (_, body, status) => {
  expect((await validator.ask('POST', '/validate', body)).status).toBe(status)
  await expectItAnswers()
})

test('an object that is nested too deeply is no failure of the webhook', async () => {
  const deep = `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`
  const body = reviewOf('/deep').replace('"path":"/deep"', `"path":"/deep","deep":${deep}`)
  const { status } = await validator.ask('POST', '/validate', body)
  expect([200, 400]).toContain(status)
  await expectItAnswers()
})

test('a body beyond the limit is answered 413 and not read on', async () => {
  expect((await validator.ask('POST', '/validate', 'x'.repeat(9 * 1024 * 1024))).status).toBe(413)
  await expectItAnswers()
})

test('who goes away in the middle of a body is no error of ours', async () => {
  for (let times = 0; times < 20; times++) {
    const socket = secure()
    socket.on('error', () => undefined)
    await new Promise((resolve) => socket.once('secureConnect', resolve))
    socket.write('POST /validate HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{"a":')
    await new Promise((resolve) => setImmediate(resolve))
    socket.destroy()
  }
  await expectItAnswers()
  expect(validator.process.stderr).not.toContain('a review failed')
  expect(validator.process.stderr).not.toContain('"level":"error"')
})

test('connections that say nothing leave room for a review; those beyond the limit are refused, and all are ended', async () => {
  const open = (count: number) => Array.from({ length: count }, () => plain().on('error', () => undefined))
  const idle = open(900)
  await waitUntil(() => idle.every(({ connecting }) => !connecting), 'the connections', { timeoutMs: 20_000 })
  await expectItAnswers()
  const more = open(600)
  await waitUntil(() => more.filter(({ destroyed }) => destroyed).length >= 400, 'the refusals')
  await waitUntil(() => [...idle, ...more].every(({ destroyed }) => destroyed), 'the end of all', {
    timeoutMs: 40_000,
  })
  await expectItAnswers()
}, 90_000)

test('what a stranger writes stays within its line of the log', async () => {
  const name = 'evil"}\n{"level":"error","msg":"forged'
  await validator.ask('POST', '/validate', reviewOf('/taken', name))
  await validator.ask('POST', '/validate', reviewOf('/taken/%0a..%0a'))
  for (const line of validator.process.stderr.split('\n').filter((text) => text !== '')) {
    expect(() => JSON.parse(line) as unknown).not.toThrow()
  }
  expect(validator.process.stderr).not.toMatch(/^\{"level":"error"/m)
})
