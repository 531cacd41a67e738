// What a mode does not need is not loaded: held by what processes load, and by no clock. A package that comes in by a
// careless import shows here, with its name.

import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { startGatewayProcess } from '../support/gateway-process.ts'
import { httpRequest } from '../support/http-client.ts'
import { apiKeyBinding, apiProxy, mockTarget } from '../support/manifests.ts'
import { type Modules, moduleRecord } from '../support/modules/loaded-modules.ts'
import { startOtlpSink } from '../support/otlp-sink.ts'
import { runToEnd } from '../support/running-process.ts'
import { tempFolder } from '../support/temp-folder.ts'

const CLI = path.join(import.meta.dirname, '../../src/cli')
/** What belongs to a mode: the packages that bring it, and the folders or files of our own. */
const CLUSTER = ['@kubernetes/client-node', 'undici', 'src/kube/api-client.ts', 'src/open-cluster.ts']
const TELEMETRY = ['@opentelemetry/sdk-trace', '@opentelemetry/otlp-exporter-base']
const WHOLE_SDK = [
  '@opentelemetry/sdk-node',
  '@opentelemetry/exporter-prometheus',
  '@opentelemetry/configuration',
]
const OURS_FOR_SPANS = ['src/telemetry/traced.ts', 'src/telemetry/byte-spans.ts']
const GRPC = ['@opentelemetry/otlp-grpc-exporter-base', '@grpc/grpc-js']
const INSTRUMENTATIONS = ['@opentelemetry/auto-instrumentations-node']
const REDIS = ['@redis/client']
const TOKENS = ['jose']
const RULES = ['re2js']
const TERMINAL = ['pino-pretty', 'colorette']
const FILES = ['smol-toml']
const TEXTS = ['yaml']
const JOURNAL = ['src/events/journal/journal.ts']
const STORE = ['src/plugins/limits/redis-connection.ts']
const WORKERS = ['src/workers/fleet.ts']
const COMMANDS = ['src/cli/explain/explain.ts', 'src/cli/why/why.ts', 'src/cli/check/check.ts']
const ROUTES = {
  'routes.yaml': [
    mockTarget('ok').route('/', 200, 'ok').build(),
    apiProxy('ok').at('/ok').mock('ok').build(),
  ],
}

describe('a gateway on a watched directory, once it has answered a request, has loaded', () => {
  test('nothing of a cluster, telemetry, Redis, tokens, rules, terminals, files or other commands where it has none', async () => {
    const loaded = await loadedByGateway({})
    const rest = [...CLUSTER, ...TELEMETRY, ...WHOLE_SDK, ...GRPC, ...INSTRUMENTATIONS, ...REDIS]
    const more = [...TOKENS, ...RULES, ...TERMINAL, ...FILES, ...TEXTS, ...COMMANDS, ...OURS_FOR_SPANS]
    const unused = [...JOURNAL, ...STORE, ...WORKERS]
    expect(among(loaded, [...rest, ...more, ...unused])).toEqual([])
    expect(among(loaded, ['src/gateway.ts', 'js-yaml'])).toEqual(['src/gateway.ts', 'js-yaml'])
  })

  test('what makes and sends spans where they are exported, no other exporter and no instrumentation', async () => {
    await using sink = await startOtlpSink()
    const loaded = await loadedByGateway({ otlpUrl: sink.httpUrl })
    expect(among(loaded, [...TELEMETRY, ...OURS_FOR_SPANS])).toEqual([...TELEMETRY, ...OURS_FOR_SPANS])
    expect(among(loaded, [...WHOLE_SDK, ...GRPC, ...INSTRUMENTATIONS])).toEqual([])
    expect(among(loaded, [...CLUSTER, ...REDIS, ...TOKENS, ...RULES])).toEqual([])
  })

  test('the whole SDK where a variable is set that only it reads', async () => {
    await using sink = await startOtlpSink()
    const loaded = await loadedByGateway({ otlpUrl: sink.httpUrl, env: { OTEL_PROPAGATORS: 'b3' } })
    expect(among(loaded, [...TELEMETRY, ...WHOLE_SDK])).toEqual([...TELEMETRY, ...WHOLE_SDK])
  })

  test.each([
    ['undici', 'undici', { flags: { 'proxy.upstream_transport': 'undici' } }],
    ['pretty lines', 'pino-pretty', { flags: { 'process.log_format': 'pretty' } }],
    ['texts that are not plain', 'yaml', { manifests: { ...ROUTES, 'flow.yaml': '{kind: [ConfigMap]}\n' } }],
    ['rules', 're2js', { manifests: { ...ROUTES, 'rules.yaml': bindingWithRules() } }],
  ])('%s where they are asked for', async (_what, name, options) => {
    expect(among(await loadedByGateway(options), [name])).toEqual([name])
  })
})

describe('a command that runs nothing loads no gateway and no package but the one of command lines', () => {
  test.each([
    ['kanali', ['--help'], 0],
    ['kanali', ['start', '--help'], 0],
    ['kanali', ['version'], 0],
    ['kanali', ['explain', '--help'], 0],
    ['kanali', ['start', '--no.such.option=1'], 2],
    ['kanali', ['nothing'], 2],
    ['kanalictl', ['--help'], 0],
    ['kanalictl', ['apikey', 'rotate', '--help'], 0],
    ['validator', ['--help'], 0],
  ])('%s %j', async (program, args, status) => {
    const { loaded, code, stderr } = await loadedBy(program, args)
    expect(code, stderr).toBe(status)
    expect([...loaded.packages]).toEqual(['commander'])
    expect([...loaded.own].filter((file) => !MAY_BE_LOADED.test(file))).toEqual([])
  })
})

/** Command lines, the table of options, the life of a process, and texts of both. */
const MAY_BE_LOADED =
  /^(src\/(cli|config)\/|src\/life\.ts$|src\/resources\/resource\.ts$|src\/telemetry\/visible-text\.ts$|test\/support\/modules\/)/

test('kanali explain of a code loads the catalogue and no gateway', async () => {
  const { loaded, code } = await loadedBy('kanali', ['explain', '08'])
  expect(code).toBe(0)
  expect(among(loaded, ['src/errors/catalogue.ts'])).toEqual(['src/errors/catalogue.ts'])
  const gateway = ['src/gateway.ts', 'src/proxy/exchange.ts', 'src/open-source.ts', 'prom-client']
  expect(among(loaded, [...gateway, ...CLUSTER, ...TELEMETRY, ...REDIS, ...TOKENS])).toEqual([])
})

test('a configuration file is read by the parser of its ending and by no other', async () => {
  await using folder = await tempFolder('config')
  const yaml = await folder.write('kanali.yaml', 'server:\n  insecure_port: high\n')
  const toml = await folder.write('kanali.toml', '[server]\ninsecure_port = "high"\n')
  for (const [file, parser] of [
    [yaml, 'yaml'],
    [toml, 'smol-toml'],
  ] as const) {
    const { loaded, code } = await loadedBy('kanali', ['start', `--config=${file}`])
    expect(code).toBe(2)
    expect(among(loaded, ['yaml', 'smol-toml'])).toEqual([parser])
  }
})

async function loadedByGateway(options: Parameters<typeof startGatewayProcess>[0]): Promise<Modules> {
  await using record = await moduleRecord()
  await using gateway = await startGatewayProcess({
    manifests: ROUTES,
    ...options,
    flags: { 'proxy.upstream_transport': 'socket', ...options?.flags },
    env: { ...options?.env, ...record.environment },
  })
  const answer = await httpRequest(gateway.port, 'GET', '/ok')
  expect(answer.status).toBe(200)
  return record.read()
}

async function loadedBy(
  program: string,
  args: readonly string[],
): Promise<{ readonly loaded: Modules; readonly code: number | null; readonly stderr: string }> {
  await using record = await moduleRecord()
  const file = path.join(CLI, `${program}.ts`)
  const { exit, stderr } = await runToEnd(process.execPath, [file, ...args], { env: record.environment })
  return { loaded: await record.read(), code: exit.code, stderr }
}

/** Those of the packages and files that were loaded. */
function among({ packages, own }: Modules, names: readonly string[]): string[] {
  return names.filter((name) => packages.has(name) || own.has(name))
}

function bindingWithRules(): object {
  return apiKeyBinding('rules')
    .key('a', { subpaths: [{ path: '/orders/[0-9]+', rule: { global: true } }] })
    .build()
}
