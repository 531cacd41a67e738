import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadOptions } from '../../src/config/load.ts'
import { DEFAULT_OPTIONS, ROWS } from '../../src/config/options.ts'
import { loaded, problemOf } from './loading.ts'

const NAME = 'proxy.upstream_timeout'
const VARIABLE = 'KANALI_PROXY_UPSTREAM_TIMEOUT'

describe('precedence', () => {
  const files = { 'kanali.yaml': 'proxy: { upstream_timeout: 1s }' }

  test('without anything every option has its default, and says so', () => {
    const { options, provenance } = loaded({})
    expect(options).toEqual(DEFAULT_OPTIONS)
    for (const { name } of ROWS) expect(provenance[name]).toEqual({ source: 'default', where: 'the default' })
  })

  test('the file comes before the default', () => {
    const { options, provenance } = loaded({ files, argv: ['--config', 'kanali.yaml'] })
    expect(options[NAME]).toBe(1000)
    expect(provenance[NAME]).toEqual({ source: 'file', where: 'file "kanali.yaml"' })
  })

  test('the variable comes before the file', () => {
    const { options, provenance } = loaded({ files, env: { KANALI_CONFIG: 'kanali.yaml', [VARIABLE]: '2s' } })
    expect(options[NAME]).toBe(2000)
    expect(provenance[NAME]).toEqual({ source: 'variable', where: `variable ${VARIABLE}` })
  })

  test('the flag comes before the variable', () => {
    const env = { KANALI_CONFIG: 'kanali.yaml', [VARIABLE]: '2s' }
    const { options, provenance } = loaded({ files, env, argv: [`--${NAME}`, '3s'] })
    expect(options[NAME]).toBe(3000)
    expect(provenance[NAME]).toEqual({ source: 'flag', where: `flag --${NAME}` })
  })

  test('--config comes before KANALI_CONFIG', () => {
    const both = { ...files, 'other.json': '{"proxy.upstream_timeout":"9s"}' }
    const { options } = loaded({
      files: both,
      env: { KANALI_CONFIG: 'kanali.yaml' },
      argv: ['--config=other.json'],
    })
    expect(options[NAME]).toBe(9000)
  })

  test('a bad value is refused also where another place overrules it', () => {
    expect(problemOf({ argv: [`--${NAME}=3s`], env: { [VARIABLE]: 'soon' } })).toContain(
      `"soon" from variable ${VARIABLE}`,
    )
  })
})

describe('flags', () => {
  test('are written with a space or an equals sign, in any case', () => {
    const argv = [
      '--server.insecure_port',
      '81',
      '--proxy.header_mask_value=a=b',
      '--PLUGINS.APIKEY.HEADER_KEY',
      'X-Key',
    ]
    expect(loaded({ argv }).options).toMatchObject({
      'server.insecure_port': 81,
      'proxy.header_mask_Value': 'a=b',
      'plugins.apiKey.header_key': 'x-key',
    })
  })

  test('of a boolean may stand alone, before another flag and at the end, or take a value', () => {
    const argv = ['--proxy.proxy_status', '--process.access_log', 'false', '--profiling.heap_snapshot']
    expect(loaded({ argv }).options).toMatchObject({
      'proxy.proxy_status': true,
      'process.access_log': false,
      'profiling.heap_snapshot': true,
    })
  })

  test('that are given twice count with their last value', () => {
    expect(
      loaded({ argv: ['--server.insecure_port=1', '--server.insecure_port=2'] }).options[
        'server.insecure_port'
      ],
    ).toBe(2)
  })

  test('without a value are refused with what is allowed', () => {
    const expected =
      'server.insecure_port: flag --server.insecure_port has no value; allowed: a port from 0 to 65535; 0 is off'
    expect(problemOf({ argv: ['--server.insecure_port'] })).toBe(expected)
    expect(problemOf({ argv: ['--server.insecure_port', '--proxy.proxy_status'] })).toBe(expected)
    expect(problemOf({ argv: ['--config'] })).toBe(
      'config: flag --config has no value; allowed: the path of a file',
    )
  })

  test('that do not exist are refused with the nearest name, their value unsaid', () => {
    expect(problemOf({ argv: ['--server.insecure_prt=s3cret'] })).toBe(
      '"--server.insecure_prt" from the command line is not an option; did you mean --server.insecure_port?',
    )
    expect(problemOf({ argv: ['--colour', 'red'] })).toBe(
      '"--colour" from the command line is not an option; allowed: the options that kanali start --help lists',
    )
  })

  test('are the only arguments', () => {
    for (const argument of ['8080', '-v', '--', '']) {
      expect(problemOf({ argv: [argument] })).toBe(
        `unexpected argument "${argument}" on the command line; allowed: options as --name value`,
      )
    }
  })
})

describe('variables', () => {
  test('without the prefix are not looked at', () => {
    expect(
      loaded({ env: { PATH: '/bin', KANALICTL_X: '1', kanali_server_insecure_port: 'x' } }).options,
    ).toEqual(DEFAULT_OPTIONS)
  })

  test('that do not exist are refused with the nearest name, their value unsaid', () => {
    expect(problemOf({ env: { KANALI_SERVR_INSECURE_PORT: 's3cret' } })).toBe(
      '"KANALI_SERVR_INSECURE_PORT" from the environment is not an option; did you mean KANALI_SERVER_INSECURE_PORT?',
    )
  })

  test('that Kubernetes sets for a Service named kanali are passed over', () => {
    const env = {
      KANALI_SERVICE_HOST: '10.0.0.1',
      KANALI_SERVICE_PORT: '80',
      KANALI_SERVICE_PORT_HTTP_METRICS: '9000',
      KANALI_PORT: 'tcp://10.0.0.1:80',
      KANALI_PORT_80_TCP: 'tcp://10.0.0.1:80',
      KANALI_PORT_80_TCP_PROTO: 'tcp',
      KANALI_GATEWAY_PORT_443_TCP_ADDR: '10.0.0.1',
    }
    expect(loaded({ env }).options).toEqual(DEFAULT_OPTIONS)
    expect(problemOf({ env: { KANALI_PORT: '80' } })).toContain('"KANALI_PORT" from the environment')
  })

  test('of the tests of this project are passed over', () => {
    expect(loaded({ env: { KANALI_TOOLS: '/x', KANALI_REQUIRE_TOOLS: '1' } }).options).toEqual(
      DEFAULT_OPTIONS,
    )
  })

  test('that are empty are an empty value', () => {
    expect(loaded({ env: { KANALI_SERVER_TLS_CERT_FILE: '', KANALI_CONFIG: '' } }).options).toEqual(
      DEFAULT_OPTIONS,
    )
    expect(problemOf({ env: { KANALI_SERVER_INSECURE_PORT: '' } })).toMatch(
      /^server\.insecure_port: "" from variable/,
    )
  })
})

describe('rules between options', () => {
  const pair = ['--server.tls.cert_file=c', '--server.tls.key_file=k']

  test('a secure port needs certificate and key', () => {
    for (const name of ['server.secure_port', 'prometheus.secure_port']) {
      expect(problemOf({ argv: [`--${name}=8443`] })).toBe(
        `${name}: "8443" from flag --${name} needs server.tls.cert_file and server.tls.key_file, which are not set; allowed: 0, or a port beside both files`,
      )
      expect(problemOf({ argv: [`--${name}=8443`, '--server.tls.cert_file=c'] })).toContain(
        'needs server.tls.key_file, which is not set',
      )
      expect(loaded({ argv: [`--${name}=8443`, ...pair] }).options).toMatchObject({ [name]: 8443 })
    }
  })

  test('one of the two server ports is on', () => {
    expect(problemOf({ argv: ['--server.insecure_port=0'] })).toBe(
      'server.insecure_port and server.secure_port: "0" from flag --server.insecure_port and the default leaves no listener; allowed: a port above 0 for at least one',
    )
    const { options } = loaded({ argv: ['--server.insecure_port=0', '--server.secure_port=1', ...pair] })
    expect(options['server.secure_port']).toBe(1)
  })
})

describe('the configuration file on disk', () => {
  let folder = ''
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'kanali-config-'))
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  test('is read', () => {
    const path = join(folder, 'kanali.yml')
    writeFileSync(path, '\uFEFFserver.insecure_port: 8181\n')
    const result = loadOptions({ argv: ['--config', path], env: {} })
    expect('options' in result ? result.options['server.insecure_port'] : result.problem).toBe(8181)
  })

  test('that is not there, a folder, or larger than 1 MiB is refused in one line with its path', () => {
    const large = join(folder, 'large.yaml')
    writeFileSync(large, '#'.repeat(1024 * 1024 + 1))
    for (const [path, why] of [
      [join(folder, 'none.yaml'), 'ENOENT'],
      [folder, 'EISDIR'],
      [large, 'larger than 1048576 bytes'],
    ] as const) {
      const problem = problemWith(path)
      expect(problem.startsWith(`config: "${path}" from flag --config cannot be read: "${why}`)).toBe(true)
      expect(problem).not.toContain('\n')
    }
  })

  test('of exactly 1 MiB is read', () => {
    const path = join(folder, 'full.yaml')
    writeFileSync(path, '#'.repeat(1024 * 1024))
    expect(loadOptions({ argv: ['--config', path], env: {} })).toHaveProperty('options')
  })
})

function problemWith(path: string): string {
  const result = loadOptions({ argv: ['--config', path], env: {} })
  return 'problem' in result ? result.problem : 'nothing was refused'
}

test('a start from the journal needs a journal', () => {
  expect(problemOf({ argv: ['--events.start_from_journal'] })).toBe(
    'events.start_from_journal: "true" from flag --events.start_from_journal needs events.journal_dir, which is not set; allowed: false, or true beside a folder',
  )
})
