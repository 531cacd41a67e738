import * as fc from 'fast-check'
import { stringify as stringifyToml } from 'smol-toml'
import { expect, test } from 'vitest'
import { stringify as stringifyYaml } from 'yaml'
import { variableOf } from '../../src/config/option.ts'
import { type AnyOption, ROWS } from '../../src/config/options.ts'
import { loaded } from './loading.ts'

// Text near what each kind reads, so that a good part of it is allowed; what is not is filtered by the kind itself.
const WORD = fc.stringMatching(/^[a-zA-Z][a-zA-Z0-9_-]{0,12}$/)
const ODD = fc.string({
  unit: fc.constantFrom('a', 'B', ',', '=', '\\', ' ', '"', "'", ':', '#', '{', '[', 'ü', '-'),
  maxLength: 12,
})
const ADDRESS = fc.oneof(fc.ipV4(), fc.ipV6())
const RAW_BY_KIND: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  boolean: fc.boolean(),
  port: fc.nat(65_535),
  integer: fc.oneof(fc.nat(100), fc.nat(1_000_000)),
  duration: fc
    .tuple(fc.nat(300), fc.nat(100), fc.nat(100), fc.nat(2000))
    .map(([h, m, s, ms]) => `${h}h${m}m${s}s${ms}ms`),
  bytes: fc.oneof(
    fc.integer({ min: 1024, max: 1024 ** 2 }),
    fc.nat(1024).map((count) => `${count}KiB`),
    fc.nat(1024).map((count) => `${count}GiB`),
  ),
  choice: fc.constantFrom(
    'debug',
    'warn',
    'auto',
    'json',
    'trust',
    'restart',
    'local_share',
    'undici',
    'always',
    'never',
    'allow',
    'deny',
  ),
  path: fc.oneof(ODD, WORD),
  text: fc.oneof(ODD, WORD),
  name: WORD.map((word) => word.toLowerCase()),
  address: fc.oneof(ADDRESS, WORD, fc.webUrl()),
  list: fc.array(
    fc.oneof(
      WORD,
      ODD,
      ADDRESS,
      fc.tuple(fc.ipV4(), fc.nat(32)).map((parts) => parts.join('/')),
    ),
    { maxLength: 4 },
  ),
  map: fc.dictionary(fc.oneof(WORD, fc.constant('__proto__')), fc.oneof(ODD, fc.nat(), fc.boolean()), {
    maxKeys: 4,
  }),
}

test.each(ROWS.map((row) => [row.name, row] as const))(
  'every value of %s is the same through flag, variable and file',
  (name, row) => {
    let tried = 0
    fc.assert(
      fc.property(rawOf(row), (raw) => {
        const parsed = row.kind.parse(raw)
        if (parsed === undefined) return
        tried += 1
        const written = row.kind.format(parsed.value)
        const fileValue = parsed.value ?? ''
        const nested = name
          .split('.')
          .reduceRight<unknown>((inner, key) => ({ [key]: inner }), scalarOf(row, fileValue))
        for (const parts of [
          { argv: [`--${name}=${written}`] },
          { env: { [variableOf(name)]: written } },
          inFile('k.yaml', stringifyYaml(nested)),
          inFile('k.json', JSON.stringify({ [name]: written })),
          inFile('k.toml', stringifyToml({ [name]: written })),
        ]) {
          expect(loadedBeside(row, parts), JSON.stringify(parts)).toEqual(parsed.value)
        }
      }),
      { numRuns: 25, seed: 26 },
    )
    expect(tried).toBeGreaterThan(0)
  },
)

function rawOf(row: AnyOption): fc.Arbitrary<unknown> {
  return RAW_BY_KIND[row.kind.name] ?? fc.constant(row.example)
}

/** Lists and maps stand in a file as they are, all else as its text. */
function scalarOf(row: AnyOption, value: unknown): unknown {
  return row.kind.name === 'list' || row.kind.name === 'map' ? value : row.kind.format(value)
}

function inFile(name: string, content: string): Parameters<typeof loaded>[0] {
  return { argv: ['--config', name], files: { [name]: content } }
}

/** Beside what the rules between options ask for. */
function loadedBeside(row: AnyOption, parts: Parameters<typeof loaded>[0]): unknown {
  const needed = ['server.tls.cert_file', 'server.tls.key_file', 'server.secure_port']
  const beside = needed
    .filter((name) => name !== row.name && !row.name.startsWith('server.tls.'))
    .map((name) => `--${name}=1`)
  if (row.name !== 'limits.redis_url') beside.push('--limits.redis_url=redis://127.0.0.1')
  if (row.name === 'events.start_from_journal') beside.push('--events.journal_dir=1')
  return loaded({ ...parts, argv: [...beside, ...(parts.argv ?? [])] }).options[row.name]
}
