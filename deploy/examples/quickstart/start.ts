// What `npm start` runs: the gateway on this folder's manifests, a demo upstream beside it, and a small receiver that
// prints what failed traces say. Nothing here is part of the gateway; everything here may be edited while it runs.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { CURLS } from './curls.ts'
import { generatedSecrets } from './secrets.ts'
import { startTraceReceiver } from './trace-receiver.ts'
import { startUpstreams } from './upstreams.ts'

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
/** Not among the manifests, which are watched; kept from one run to the next. */
const JOURNAL = here('../../../.cache/quickstart/journal')
const print = (line: string): void => void process.stdout.write(`${line}\n`)

const secrets = generatedSecrets()
writeFileSync(here('manifests/generated.yaml'), secrets.manifests, { mode: 0o600 })
writeFileSync(here('generated.key'), secrets.apiKeyPrivateKey, { mode: 0o600 })
const upstreams = await startUpstreams(secrets)
const receiver =
  process.env['OTEL_EXPORTER_OTLP_ENDPOINT'] === undefined ? await startTraceReceiver(print) : undefined

const gateway = spawn(
  process.execPath,
  [
    here('../../../src/cli/kanali.ts'),
    'start',
    '--source.directory',
    here('manifests'),
    '--plugins.location',
    here('plugins'),
    '--events.journal_dir',
    JOURNAL,
    '--server.insecure_bind_address',
    '127.0.0.1',
    '--prometheus.insecure_bind_address',
    '127.0.0.1',
    '--plugins.apiKey.decryption_key_file',
    here('generated.key'),
    '--proxy.upstream_timeout',
    '2s',
    ...process.argv.slice(2),
  ],
  {
    stdio: 'inherit',
    // A group of its own: Ctrl-C reaches it once, from here, and not a second time from the terminal.
    detached: true,
    env: {
      ...process.env,
      ...(receiver === undefined
        ? {}
        : {
            OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint,
            OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
            OTEL_BSP_SCHEDULE_DELAY: '200',
          }),
    },
  },
)
process.on('SIGINT', () => gateway.kill('SIGINT'))
process.on('SIGTERM', () => gateway.kill('SIGTERM'))

const exited = once(gateway, 'exit')
if (await ready('http://127.0.0.1:9000/readyz')) banner()
const [status] = (await exited) as [number | null]
upstreams.close()
receiver?.close()
process.exitCode = status ?? 1

/** Waits for the first snapshot; false where the gateway ended before it. */
async function ready(url: string): Promise<boolean> {
  while (gateway.exitCode === null && gateway.signalCode === null) {
    const answer = await fetch(url).catch(() => undefined)
    await answer?.body?.cancel()
    if (answer?.status === 200) return true
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  return false
}

function banner(): void {
  print('')
  print('Kanali is ready.')
  print(
    '  requests    http://127.0.0.1:8080        metrics, readiness  http://127.0.0.1:9000/metrics  /readyz',
  )
  print(
    '  debug       http://127.0.0.1:9090/debug/snapshot             demo upstream  127.0.0.1:3101, https 3102',
  )
  print(`  manifests   ${here('manifests')} (watched: edit a file, it is live)`)
  print(`  journal     ${JOURNAL} (npm run -s kanali -- replay --journal ${JOURNAL})`)
  print('')
  print('Try, in another terminal:')
  for (const { command, shows } of CURLS) {
    print(`  ${command}`)
    print(`      -> ${shows}`)
  }
  print('')
  print(
    'Every answer has x-kanali-correlation-id: the trace id. Below: the access log, and what failed traces say.',
  )
  print('Ctrl-C ends it.')
  print('')
}
