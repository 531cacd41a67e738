import { describe, expect, test } from 'vitest'
import { DEFAULT_OPTIONS, type Options } from '../../src/config/options.ts'
import { loaded, problemOf } from './loading.ts'

function optionsOf(name: string, content: string): Options {
  return loaded({ argv: ['--config', name], files: { [name]: content } }).options
}

function problemIn(name: string, content: string): string {
  return problemOf({ argv: ['--config', name], files: { [name]: content } })
}

const EXPECTED = {
  'server.insecure_port': 8181,
  'server.tls.cert_file': 'tls.crt',
  'server.trusted_proxies': ['10.0.0.0/8', '::1/128'],
  'proxy.default_header_values': { foo: 'bar', 'x-version': '2' },
  'process.access_log': false,
  'proxy.upstream_timeout': 5000,
}

describe('a file', () => {
  test('of YAML has nested keys, dotted keys, or both', () => {
    const content = `
server:
  insecure_port: 8181
  tls.cert_file: tls.crt
  trusted_proxies: [10.0.0.0/8, '::1']
proxy:
  default_header_values: { foo: bar, X-Version: 2 }
  upstream_timeout: 5
process.access_log: false
`
    expect(optionsOf('k.yaml', content)).toMatchObject(EXPECTED)
    expect(optionsOf('k.YML', content)).toMatchObject(EXPECTED)
  })

  test('of JSON has them too', () => {
    const content = JSON.stringify({
      server: { insecure_port: 8181, tls: { cert_file: 'tls.crt' }, trusted_proxies: '10.0.0.0/8,::1' },
      'proxy.default_header_values': 'foo=bar,x-version=2',
      'proxy.upstream_timeout': '5s',
      process: { access_log: false },
    })
    expect(optionsOf('k.json', content)).toMatchObject(EXPECTED)
  })

  test('of TOML has them too', () => {
    const content = `
process.access_log = false
[server]
insecure_port = 8181
trusted_proxies = ["10.0.0.0/8", "::1"]
[server.tls]
cert_file = "tls.crt"
[proxy]
upstream_timeout = "5s"
default_header_values = { foo = "bar", X-Version = 2 }
`
    expect(optionsOf('k.toml', content)).toMatchObject(EXPECTED)
  })

  test('has keys in any case', () => {
    expect(optionsOf('k.yaml', 'PROXY: { header_mask_value: "***" }')['proxy.header_mask_Value']).toBe('***')
  })

  test('that is empty, holds only comments, or has empty groups gives nothing', () => {
    for (const content of ['', '# nothing', 'server:\n', 'null']) {
      expect(optionsOf('k.yaml', content)).toEqual(DEFAULT_OPTIONS)
    }
  })
})

describe('refused in one line that names the file', () => {
  test('a key that is no option, with the nearest name', () => {
    expect(problemIn('k.yaml', 'server: { insecure_prt: s3cret }')).toBe(
      '"server.insecure_prt" from file "k.yaml" is not an option; did you mean server.insecure_port?',
    )
  })

  test('a bad value, with option, value and what is allowed', () => {
    expect(problemIn('k.toml', '[server]\ninsecure_port = 99999')).toBe(
      'server.insecure_port: "99999" from file "k.toml" is not allowed; allowed: a port from 0 to 65535; 0 is off',
    )
    expect(problemIn('k.yaml', 'server.insecure_port: [80]')).toContain(
      'server.insecure_port: a list from file "k.yaml"',
    )
    expect(problemIn('k.yaml', 'server.insecure_port: { a: 1 }')).toContain('a map from file')
    expect(problemIn('k.toml', 'source.directory = 1979-05-27')).toContain('a value that is no text')
  })

  test('a group that is not a map', () => {
    expect(problemIn('k.yaml', 'server: 8080')).toBe(
      '"server" from file "k.yaml" is a group of options; allowed: a map of them',
    )
    expect(problemIn('k.json', '{"server":[]}')).toContain('is a group of options')
  })

  test('an option that is given nested and dotted', () => {
    expect(problemIn('k.yaml', 'server: { insecure_port: 1 }\nserver.insecure_port: 2')).toBe(
      'server.insecure_port: given twice in file "k.yaml"; allowed: once',
    )
  })

  test('what does not parse', () => {
    for (const [name, content] of [
      ['k.yaml', 'a: [\n'],
      ['k.yaml', 'a: 1\na: 2'],
      ['k.yaml', 'server: {}\n---\nserver: {}'],
      ['k.json', '{"a":'],
      ['k.toml', 'a = \n"\u001b[31m'],
    ] as const) {
      const problem = problemIn(name, content)
      expect(problem.startsWith(`config: file "${name}" does not parse: "`)).toBe(true)
      expect(problem).toMatch(/^[ -~]+$/)
    }
  })

  test('a list or a single value instead of a map', () => {
    for (const content of ['[]', '"x"', '5']) {
      expect(problemIn('k.json', content)).toContain('file "k.json" does not hold a map')
    }
  })

  test('an unknown ending', () => {
    for (const name of ['k.ini', 'yaml', 'k.yaml.bak']) {
      expect(problemIn(name, '')).toBe(
        `config: file "${name}" has no known ending; allowed: .yaml, .yml, .json, .toml`,
      )
    }
  })

  test('a tree of aliases that grows without bound, or bites its own tail', () => {
    const bomb = ['a: &a [x,x,x,x,x,x,x,x,x]', ...'bcdefgh'.split('').map(nineAliases)].join('\n')
    expect(problemIn('k.yaml', bomb)).toContain('file "k.yaml"')
    expect(problemIn('k.yaml', 'server: &s\n  tls: *s')).toContain('"server.tls.tls" from file')
  })
})

function nineAliases(letter: string): string {
  const before = String.fromCharCode(letter.charCodeAt(0) - 1)
  return `${letter}: &${letter} [${Array.from({ length: 9 }, () => `*${before}`).join(',')}]`
}
