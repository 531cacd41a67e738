// The design's table of modules and ranks, and the rules below it, read from the imports and texts of all files.
// A folder or a file in src/ that has no row here fails: a new module needs a place first.

import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'

const ROOT = path.join(import.meta.dirname, '..')

/** An import goes to a lower rank or stays in its module. */
const MODULES: readonly (readonly [rank: number, module: string])[] = [
  [0, 'src/errors/'],
  [0, 'src/config/'],
  [0, 'src/resources/'],
  [1, 'src/events/'],
  [2, 'src/snapshot/'],
  // Between snapshot and sources: the record of an exchange names the snapshot and the route that it ran under.
  [2.5, 'src/telemetry/'],
  [3, 'src/kube/'],
  [3, 'src/directory/'],
  [3, 'src/pipeline.ts'],
  [4, 'src/plugins/'],
  [5, 'src/decide.ts'],
  [5.5, 'src/decide-guards.ts'],
  [6, 'src/proxy/'],
  [6, 'src/explain/'],
  [6, 'src/webhook/'],
  [6, 'src/opened-source.ts'],
  [6.5, 'src/open-cluster.ts'],
  [7, 'src/admin/'],
  [7, 'src/life.ts'],
  [7, 'src/open-journal.ts'],
  [7, 'src/open-source.ts'],
  [7.5, 'src/workers/'],
  [8, 'src/gateway.ts'],
  [8, 'src/validator.ts'],
  [9, 'src/cli/'],
]

/** Packages that have a place, and it. */
const PACKAGE_PLACES: readonly (readonly [name: RegExp, places: readonly string[]])[] = [
  [/^rxjs(\/|$)/, ['src/kube/', 'src/directory/', 'src/pipeline.ts']],
  [/^undici(\/|$)/, ['src/kube/', 'src/proxy/']],
  [/^@opentelemetry\//, ['src/telemetry/']],
  [/^@kubernetes\/client-node(\/|$)/, ['src/kube/']],
  [/^@redis\/client(\/|$)/, ['src/plugins/limits/']],
  [/^jose(\/|$)/, ['src/plugins/jwt/']],
  [/^(@grafana\/|echarts(\/|$))/, []],
]

/** What boards, alerts and runbooks are derived from: tables of names and texts, and nothing that runs. */
const DASHBOARDS_READ = /^src\/(errors\/|telemetry\/names\.ts$)/

/** Ranks 0 to 2 are pure; these two places are not, and say so in the design. */
const PURE_BELOW_RANK = 3
const MAY_TOUCH_THE_WORLD = ['src/telemetry/', 'src/config/load.ts', 'src/events/journal']

const IMPURE_IMPORTS =
  /^node:(fs|net|http|https|http2|tls|dns|dgram|child_process|worker_threads|timers|cluster)(\/|$)|^pino$/
/** Functions over text that node keeps in a module of the network. */
const PURE_NAMES = /^import \{\s*((isIP|isIPv4|isIPv6|BlockList),?\s*)+\} from 'node:net'$/
const IMPURE_CALLS =
  /\b(Date\.now|new Date\(\)|performance\.|Math\.random|console\.|setTimeout|setInterval|setImmediate|randomBytes|randomUUID|randomFill|getRandomValues|process\.(env|stdout|stderr|hrtime|exit))/

const FILE_LINES_MAX = { src: 400, dashboards: 400, test: 600 }
/** A table of contents, which is what its folder is read by. */
const INDEX = 'dashboards/index.ts'
const EMPTY_NAMES = /^(utils?|helpers?|types?|commons?|misc|index)(\.test)?\.ts$/
const FILE_NAME = /^[a-z0-9]+(-[a-z0-9]+)*(\.test)?\.ts$/
/** Written in two parts where the word would otherwise stand in this very file. */
const BANNED = [
  /\bTO(?:DO)\b/,
  /\bFIX(?:ME)\b/,
  /\bXX(?:X)\b/,
  /\bHA(?:CK)\b/,
  /@ts-(?:ignore|expect-error|nocheck)/,
  /(?:oxlint|eslint)-(?:disable)/,
  /biome-(?:ignore)/,
  /\bas (?:any)\b/,
  /["'`\s]\/(?:work|root)\//,
]

interface SourceFile {
  /** Relative to the root, with slashes. */
  readonly file: string
  readonly text: string
  /** Text without comments, so that words in them are no code. */
  readonly code: string
}

const SRC = sourceFiles('src')
const TEST = sourceFiles('test')
const EXAMPLES = sourceFiles('deploy')
const DASHBOARDS = sourceFiles('dashboards')

describe('modules of src/', () => {
  test('are read with all forms of import', () => {
    const code =
      "import { a,\n b } from './x.ts'\nimport type { C } from 'c'\nexport { d } from './d.ts'\nimport('e')"
    expect(importsOf(code).map(({ from, isType }) => [from, isType])).toEqual([
      ['./x.ts', false],
      ['c', true],
      ['./d.ts', false],
      ['e', false],
    ])
  })

  test('have a rank each, and every file belongs to one', () => {
    expect(SRC.filter(({ file }) => moduleOf(file) === undefined).map(({ file }) => file)).toEqual([])
  })

  test('import lower ranks or their own folder only', () => {
    const wrong = SRC.flatMap(({ file, code }) =>
      importsOf(code)
        .filter(({ from }) => from.startsWith('.'))
        .map(({ from }) => path.posix.join(path.posix.dirname(file), from))
        .filter((imported) => !mayImport(file, imported))
        .map((imported) => `${file} (rank ${rankOf(file)}) imports ${imported} (rank ${rankOf(imported)})`),
    )
    expect(wrong).toEqual([])
  })

  test('keep packages in their places', () => {
    const wrong = SRC.flatMap(({ file, code }) =>
      importsOf(code)
        .filter(({ from }) => PACKAGE_PLACES.some(([name, places]) => name.test(from) && !isIn(file, places)))
        .map(({ from }) => `${file} imports ${from}`),
    )
    expect(wrong).toEqual([])
  })

  test.each([
    ['Kubernetes', '@kubernetes/client-node', 'src/kube/kubeconfig.ts', 'a second and 87 MB'],
    ['Redis', '@redis/client', 'src/plugins/limits/redis-client.ts', 'a fifth of a second and 30 MB'],
  ])('load the client of %s only when it is needed (%s, in %s): it costs %s', (_what, name, place) => {
    const fixed = new RegExp(`^import (?!type\\b)[^;]*?from '${name}'`, 'gm')
    const loaded = SRC.flatMap(({ file, code }) => [...code.matchAll(fixed)].map(() => file))
    expect(loaded).toEqual([])
    expect(
      SRC.filter(({ code }) => code.includes(`await import('${name}')`)).map(({ file }) => file),
    ).toEqual([place])
  })

  test('take node:http and node:tls by getBuiltinModule: an import reads all their getters, and so loads WebSocket', () => {
    const wrong = SRC.flatMap(({ file, code }) =>
      importsOf(code)
        .filter(({ from, isType }) => /^node:(http|tls)$/.test(from) && !isType)
        .map(({ from }) => `${file} imports ${from}`),
    )
    expect(wrong).toEqual([])
  })

  test('below the sources import nothing that touches the world', () => {
    const wrong = pureFiles().flatMap(({ file, code }) =>
      importsOf(code)
        .filter(({ from, isType }) => IMPURE_IMPORTS.test(from) && !isType)
        .filter(({ statement }) => !PURE_NAMES.test(statement))
        .map(({ from }) => `${file} imports ${from}`),
    )
    expect(wrong).toEqual([])
  })

  test('below the sources ask no clock, draw no random numbers and log nothing', () => {
    const wrong = pureFiles().flatMap(({ file, code }) =>
      code
        .split('\n')
        .filter((line) => IMPURE_CALLS.test(line))
        .map((line) => `${file}: ${line.trim()}`),
    )
    expect(wrong).toEqual([])
  })

  test('begin with a comment that says what the file is', () => {
    const wrong = SRC.filter(({ text }) => !/^(#![^\n]*\n)?\/\/ \S/.test(text))
    expect(wrong.map(({ file }) => file)).toEqual([])
  })
})

describe('files', () => {
  const all = [...SRC, ...TEST, ...EXAMPLES, ...DASHBOARDS]

  test('stay short', () => {
    const wrong = all
      .map(({ file, text }) => ({ file, lines: text.split('\n').length - 1 }))
      .filter(({ file, lines }) => lines > linesMax(file))
    expect(wrong).toEqual([])
  })

  test('are named after one noun, in kebab case', () => {
    const wrong = all.filter(({ file }) => {
      const name = path.posix.basename(file)
      return (EMPTY_NAMES.test(name) && file !== INDEX) || !FILE_NAME.test(name)
    })
    expect(wrong.map(({ file }) => file)).toEqual([])
  })

  test('hold no open ends, suppressions or paths of one machine', () => {
    const texts = [...all, ...otherTexts()]
    const wrong = texts.flatMap(({ file, text }) =>
      text
        .split('\n')
        .map((line, index) => ({ line, at: `${file}:${index + 1}` }))
        .filter(({ line }) => BANNED.some((word) => word.test(line)))
        .map(({ line, at }) => `${at}: ${line.trim()}`),
    )
    expect(wrong).toEqual([])
  })

  test('of src/ import nothing of test/, deploy/ or dashboards/', () => {
    const wrong = SRC.filter(({ code }) =>
      importsOf(code).some(({ from }) => /\.\.\/(test|deploy|dashboards)\//.test(from)),
    )
    expect(wrong.map(({ file }) => file)).toEqual([])
  })
})

describe('files of dashboards/', () => {
  test('import of src/ only the catalogue of errors and the names of telemetry, and nothing of tests', () => {
    const wrong = DASHBOARDS.flatMap(({ file, code }) =>
      importsOf(code)
        .filter(({ from }) => from.startsWith('.'))
        .map(({ from }) => path.posix.join(path.posix.dirname(file), from))
        .filter((imported) => !imported.startsWith('dashboards/') && !DASHBOARDS_READ.test(imported))
        .map((imported) => `${file} imports ${imported}`),
    )
    expect(wrong).toEqual([])
  })

  test('begin with a comment that says what the file is', () => {
    const wrong = DASHBOARDS.filter(({ text }) => !text.startsWith('// '))
    expect(wrong.map(({ file }) => file)).toEqual([])
  })
})

describe('packages', () => {
  const manifest = readJson('package.json') as Record<string, Record<string, string> | undefined>
  const lock = readJson('package-lock.json') as { packages: Record<string, { resolved?: string }> }

  test('are asked for by exact version', () => {
    const asked = Object.entries({ ...manifest['dependencies'], ...manifest['devDependencies'] })
    const wrong = asked.filter(([, version]) => !/^(npm:@?[\w./-]+@)?\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))
    expect(wrong).toEqual([])
  })

  test('are locked without the address that they came from', () => {
    const wrong = Object.entries(lock.packages).filter(([, { resolved }]) => resolved !== undefined)
    expect(wrong.map(([name]) => name)).toEqual([])
  })

  test('include one @opentelemetry/api, or spans would go to two registries', () => {
    const found = Object.keys(lock.packages).filter((name) =>
      name.endsWith('node_modules/@opentelemetry/api'),
    )
    expect(found).toEqual(['node_modules/@opentelemetry/api'])
  })
})

function linesMax(file: string): number {
  if (file.startsWith('src/')) return FILE_LINES_MAX.src
  return file.startsWith('dashboards/') ? FILE_LINES_MAX.dashboards : FILE_LINES_MAX.test
}

function moduleOf(file: string): readonly [rank: number, module: string] | undefined {
  return MODULES.find(([, module]) => (module.endsWith('/') ? file.startsWith(module) : file === module))
}

function rankOf(file: string): number | undefined {
  return moduleOf(file)?.[0]
}

function mayImport(file: string, imported: string): boolean {
  const from = moduleOf(file)
  const to = moduleOf(imported)
  if (from === undefined || to === undefined) return false
  return from[1] === to[1] || to[0] < from[0]
}

function isIn(file: string, places: readonly string[]): boolean {
  return places.some((place) => file.startsWith(place))
}

function pureFiles(): SourceFile[] {
  return SRC.filter(({ file }) => (rankOf(file) ?? 0) < PURE_BELOW_RANK && !isIn(file, MAY_TOUCH_THE_WORLD))
}

function importsOf(code: string): { from: string; statement: string; isType: boolean }[] {
  const statements = code.matchAll(
    /^(?:import|export)\s(?:[^'";]*?\sfrom\s+)?'([^']+)'|\bimport\(\s*'([^']+)'\s*\)/gm,
  )
  return Array.from(statements, ([statement, fixed, dynamic]) => ({
    from: fixed ?? dynamic ?? '',
    statement,
    isType: /^(import|export) type\s/.test(statement),
  }))
}

function sourceFiles(folder: string): SourceFile[] {
  return filesBelow(folder)
    .filter((file) => file.endsWith('.ts'))
    .map((file) => {
      const text = readFileSync(path.join(ROOT, file), 'utf8')
      return { file, text, code: text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/^\s*\/\/.*$/gm, '') }
    })
}

/** What is no TypeScript but is read by people: pages, scripts, manifests. */
function otherTexts(): { file: string; text: string }[] {
  const rootFiles = readdirSync(ROOT).filter(
    (name) => /\.(md|json|ts)$/.test(name) && name !== 'package-lock.json',
  )
  const below = ['docs', 'deploy', 'dashboards', 'otel', 'test', '.ci'].flatMap((folder) =>
    filesBelow(folder),
  )
  return [...rootFiles, ...below.filter((file) => !file.endsWith('.ts'))].map((file) => ({
    file,
    text: readFileSync(path.join(ROOT, file), 'utf8'),
  }))
}

function filesBelow(folder: string): string[] {
  return readdirSync(path.join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(ROOT, path.join(entry.parentPath, entry.name)).split(path.sep).join('/'))
    .sort()
}

function readJson(file: string): unknown {
  return JSON.parse(readFileSync(path.join(ROOT, file), 'utf8'))
}
