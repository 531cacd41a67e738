// The access log of the real program with standard output redirected into a file, as `kanali start > access.log` does.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { open, readFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { freePorts } from '../support/free-ports.ts'
import { connectHttp, httpRequest } from '../support/http-client.ts'
import { apiProxy, mockTarget } from '../support/manifests.ts'
import { seeAccessLine } from '../support/registry/watch.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { waitUntil } from '../support/wait-until.ts'

const REQUESTS = 300

test('has a line for each request, the last ones too, when the gateway has ended', async () => {
  await using folder = await tempFolder('manifests')
  await using logs = await tempFolder('logs')
  const manifests = [
    mockTarget('ok').route('/', 200, 'ok').build(),
    apiProxy('ok').at('/ok').mock('ok').build(),
  ]
  await folder.write('mock.yaml', manifests.map((each) => JSON.stringify(each)).join('\n---\n'))
  const [port = 0, metricsPort = 0, profilingPort = 0] = await freePorts(3)
  const file = path.join(logs.path, 'access.log')
  const output = await open(file, 'a')
  const cli = path.join(import.meta.dirname, '../../src/cli/kanali.ts')
  const child = spawn(
    process.execPath,
    [
      cli,
      'start',
      `--source.directory=${folder.path}`,
      `--server.insecure_port=${port}`,
      `--prometheus.insecure_port=${metricsPort}`,
      `--profiling.insecure_port=${profilingPort}`,
      '--server.insecure_bind_address=127.0.0.1',
      '--prometheus.insecure_bind_address=127.0.0.1',
    ],
    { stdio: ['ignore', output.fd, 'ignore'], env: { ...process.env, OTEL_SDK_DISABLED: 'true' } },
  )
  await output.close()
  const ended = once(child, 'close')
  try {
    await waitUntil(
      () =>
        httpRequest(port, 'GET', '/nothing').then(
          () => true,
          () => false,
        ),
      'the gateway answers',
      { timeoutMs: 25_000 },
    )
    await using connection = await connectHttp(port)
    for (let sent = 0; sent < REQUESTS; sent++) await connection.request('GET', `/ok/${sent}`)
  } finally {
    child.kill('SIGTERM')
    await ended
  }
  const lines = (await readFile(file, 'utf8')).trimEnd().split('\n')
  lines.forEach(seeAccessLine)
  const paths = lines.map((line) => (JSON.parse(line) as { path: string }).path)
  expect(paths.filter((each) => each !== '/nothing')).toEqual(
    Array.from({ length: REQUESTS }, (_, index) => `/ok/${index}`),
  )
})
