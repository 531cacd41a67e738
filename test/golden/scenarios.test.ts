// Each folder here is a scenario: in.yaml holds the world and the requests, out.yaml the conditions and the decisions.
// KANALI_GOLDEN_WRITE=1 writes out.yaml anew: read the difference before it is committed.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseAllDocuments, stringify } from 'yaml'
import type { PluginFact, SourceProblem } from '../../src/events/event.ts'
import { applyAll } from '../../src/events/state.ts'
import type { Kind } from '../../src/resources/resource.ts'
import { build } from '../../src/snapshot/build.ts'
import type { BuildOptions } from '../../src/snapshot/build-options.ts'
import type { Snapshot } from '../../src/snapshot/snapshot.ts'
import { createAuthority, createSelfSigned } from '../support/certificates.ts'
import type { Manifest } from '../support/manifests.ts'
import { ask, listed, optionsWith, ORIGIN, outcomeOf, refused, stateOf } from '../support/world.ts'

interface Scenario {
  readonly options?: Partial<BuildOptions>
  /** Kinds that the source refuses. */
  readonly refused?: readonly Kind[]
  readonly plugins?: readonly PluginFact[]
  readonly problems?: readonly SourceProblem[]
  readonly objects: readonly Manifest[]
  readonly requests: readonly {
    readonly ask: string
    readonly headers?: Readonly<Record<string, string>>
  }[]
}

const WRITES = process.env['KANALI_GOLDEN_WRITE'] === '1'
const folder = import.meta.dirname
const scenarios = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory())
const pair = createSelfSigned()
const stranger = createSelfSigned()
const authority = createAuthority()

describe('golden scenarios', () => {
  it.each(scenarios.map(({ name }) => name))('%s: conditions and decisions are as written', (name) => {
    const scenario = read(join(folder, name, 'in.yaml')) as Scenario
    const snapshot = snapshotOf(scenario)
    const actual = { conditions: conditionsOf(snapshot), requests: decisionsOf(snapshot, scenario) }
    const file = join(folder, name, 'out.yaml')
    if (WRITES) writeFileSync(file, stringify(actual, { lineWidth: 0 }))
    expect(actual).toEqual(read(file))
  })

  it.each(scenarios.map(({ name }) => name))('%s: does not depend on the order of its objects', (name) => {
    const scenario = read(join(folder, name, 'in.yaml')) as Scenario
    const forwards = snapshotOf(scenario)
    const backwards = snapshotOf({ ...scenario, objects: scenario.objects.toReversed() })
    expect(backwards.hash).toBe(forwards.hash)
    expect(conditionsOf(backwards)).toEqual(conditionsOf(forwards))
  })
})

function snapshotOf({ objects, refused: kinds = [], plugins, problems, options = {} }: Scenario): Snapshot {
  const state = applyAll(stateOf(...objects), [
    ...kinds.flatMap((kind) => [listed(kind), refused(kind)]),
    ...(plugins === undefined ? [] : [{ ...ORIGIN, type: 'plugins', plugins } as const]),
    ...(problems === undefined ? [] : [{ ...ORIGIN, type: 'problems', problems } as const]),
  ])
  return build(state, optionsWith(options))
}

function conditionsOf(snapshot: Snapshot): string[] {
  return Array.from(snapshot.conditions, ({ kind, namespace, name, type, status, reason, message, code }) => {
    const answered = code === undefined ? '' : ` (${code})`
    return `${kind} ${namespace}/${name}: ${type}=${status} ${reason}${answered}: ${message}`
  })
}

function decisionsOf(snapshot: Snapshot, { requests }: Scenario): Record<string, string> {
  const decided = requests.map(({ ask: request, headers = {} }) => {
    const decision = ask(snapshot, request, headers)
    const { outcome, route } = decision
    const detail = outcome.type === 'failed' ? `: ${outcome.failure.detail}` : ''
    const tls = outcome.type === 'upstream' && outcome.tls ? ` as ${outcome.tls.serverName}` : ''
    const failing = route?.plugins.find(({ failure }) => failure !== undefined)?.failure
    const before = failing === undefined ? '' : `${failing.fact.codeText} ${failing.fact.reason} before `
    const given = Object.entries(headers).map(([name, value]) => ` [${name}: ${value}]`)
    return [`${request}${given.join('')}`, `${before}${outcomeOf(decision)}${tls}${detail}`]
  })
  return Object.fromEntries(decided) as Record<string, string>
}

/** Certificates and keys stand in the files as `<certificate>`, `<key>`, `<other key>` and `<ca>`. */
function read(file: string): unknown {
  const [document, ...others] = parseAllDocuments(readFileSync(file, 'utf8'))
  if (document === undefined || others.length > 0) throw new Error(`${file} must hold one document`)
  return JSON.parse(
    JSON.stringify(document.toJS()),
    (_, value: unknown) => PARTS.get(value) ?? value,
  ) as unknown
}

const PARTS: ReadonlyMap<unknown, string> = new Map([
  ['<certificate>', pair.certificate],
  ['<key>', pair.key],
  ['<other key>', stranger.key],
  ['<ca>', authority.certificate],
])
