// What the owner of an object is told of it, made from compiled parts at the moment someone asks.
// Nothing is kept as text: a conflict's message names the winner of now, a note the neighbours of now.

import type { Failure } from '../errors/failure.ts'
import type { PluginFact, SourceProblem } from '../events/event.ts'
import { errorOf } from '../errors/catalogue.ts'
import type { InvalidResource, Resource } from '../resources/resource.ts'
import type { CompiledApiProxy } from './compile-api-proxy.ts'
import { problemText } from './problem-text.ts'
import { capturedNote } from './cross-namespace.ts'
import { anyHostAt, entryAt, hostsAt, type PathEntry, type RouteTable, routesOf } from './route-table.ts'
import type { Condition, Route } from './snapshot.ts'

/** How an ApiProxy stands among the others. */
export interface Standing {
  /** Who has the place that it claims; undefined where it claims none. */
  readonly winner: CompiledApiProxy | undefined
  /** From whom it would take requests, where that is denied. */
  readonly deniedBy: CompiledApiProxy | undefined
  /** All routes that are live. */
  readonly routes: RouteTable
  /** Whether its owner is told from whose routes in other namespaces it takes requests. */
  readonly asksWhoElse: boolean
}

/** The reasons of its three conditions, for counting: cheap, without texts. */
export interface Reasons {
  readonly Accepted: string
  readonly ResolvedRefs: string
  readonly Ready: string
}

/** Failures that are no fault of a reference: what they name exists. */
const RESOLVED: ReadonlySet<string> = new Set(['mocks_disabled', 'no_ready_endpoint'])
const GOOD: ReadonlySet<string> = new Set(['Accepted', 'ResolvedRefs', 'Ready'])

export function reasonsOf(compiled: CompiledApiProxy, standing: Standing | undefined): Reasons {
  if (compiled.problems !== undefined) return INVALID
  const [first] = compiled.failures
  const unresolved = compiled.failures.find(isUnresolved)
  const accepted = acceptance(compiled, standing)
  const ready = first === undefined ? 'Ready' : camelCase(first.fact.reason)
  return {
    Accepted: accepted,
    ResolvedRefs: unresolved === undefined ? 'ResolvedRefs' : camelCase(unresolved.fact.reason),
    Ready: accepted === 'Accepted' ? ready : accepted,
  }
}

function acceptance(compiled: CompiledApiProxy, standing: Standing | undefined): string {
  if (standing?.deniedBy !== undefined) return 'CrossNamespace'
  return standing?.winner === compiled ? 'Accepted' : 'Conflict'
}

const INVALID: Reasons = { Accepted: 'Invalid', ResolvedRefs: 'Invalid', Ready: 'Invalid' }

/** True for the reasons that say that all is well. */
export function isGood(reason: string): boolean {
  return GOOD.has(reason)
}

/** True where all is well with an ApiProxy, or there is none. */
export function isAllGood(reasons: Reasons | undefined): boolean {
  if (reasons === undefined) return true
  return isGood(reasons.Accepted) && isGood(reasons.ResolvedRefs) && isGood(reasons.Ready)
}

/** The three conditions of an ApiProxy, by type. */
export function apiProxyConditions(compiled: CompiledApiProxy, standing: Standing): readonly Condition[] {
  const reasons = reasonsOf(compiled, standing)
  const accepted = acceptedMessage(compiled, standing)
  const [first] = compiled.failures
  const reached = standing.winner === compiled
  const code = reached && first !== undefined ? first.fact.codeText : undefined
  const ready = first !== undefined && reasons.Accepted === 'Accepted' ? answered(first) : accepted
  const resolved =
    compiled.problems === undefined ? resolvedMessage(compiled, reached) : 'the object could not be read'
  const surprises = reached && compiled.problems === undefined ? surprisesOf(compiled, standing) : []
  const codeOfRefs = first !== undefined && isUnresolved(first) ? code : undefined
  return [
    {
      ...condition(
        compiled,
        'Accepted',
        reasons.Accepted,
        accepted,
        compiled.problems === undefined ? undefined : code,
      ),
      ...(surprises.length > 0 && { surprises }),
    },
    condition(
      compiled,
      'Ready',
      reasons.Ready,
      reasons.Ready === 'Ready' ? 'requests are served' : ready,
      code,
    ),
    condition(compiled, 'ResolvedRefs', reasons.ResolvedRefs, resolved, codeOfRefs),
  ]
}

/** The condition of an object of any other kind that broke a rule. */
export function invalidCondition(resource: InvalidResource): Condition {
  return notAccepted(resource, 'Invalid', problemText(resource.problems))
}

/** The condition of an object that is not taken as it is. */
export function notAccepted(
  { kind, meta }: Pick<Resource, 'kind' | 'meta'>,
  reason: string,
  message: string,
): Condition {
  return {
    kind,
    namespace: meta.namespace,
    name: meta.name,
    ...(meta.generation !== undefined && { generation: meta.generation }),
    type: 'Accepted',
    status: 'False',
    reason,
    message,
  }
}

export function fileConditions(problems: readonly SourceProblem[]): readonly Condition[] {
  return problems.map(({ kind, file, reason, message }) => bad(kind ?? 'File', file, reason, message))
}

export function pluginConditions(plugins: readonly PluginFact[]): readonly Condition[] {
  return plugins.flatMap(({ name, version, failure }) => {
    if (failure === undefined) return []
    const title = version === undefined ? name : `${name}_${version}`
    const code = errorOf(failure.reason).codeText
    return [{ ...bad('Plugin', title, camelCase(failure.reason), failure.detail), code }]
  })
}

function bad(kind: 'File' | 'Journal' | 'Plugin', name: string, reason: string, message: string): Condition {
  return { kind, namespace: '', name, type: 'Accepted', status: 'False', reason, message }
}

function condition(
  { meta }: CompiledApiProxy,
  type: Condition['type'],
  reason: string,
  message: string,
  code: string | undefined,
): Condition {
  return {
    kind: 'ApiProxy',
    namespace: meta.namespace,
    name: meta.name,
    ...(meta.generation !== undefined && { generation: meta.generation }),
    type,
    status: isGood(reason) ? 'True' : 'False',
    reason,
    message,
    ...(code !== undefined && !isGood(reason) && { code }),
  }
}

function acceptedMessage(compiled: CompiledApiProxy, standing: Standing): string {
  const { winner, deniedBy } = standing
  const { problems, route, failures } = compiled
  const [first] = failures
  if (problems !== undefined) {
    const text = problemText(problems)
    if (route === undefined || winner === undefined) return `${text}; no request reaches it`
    if (winner !== compiled) return `${text}; ${placeText(route)} is served by ApiProxy ${nameOf(winner)}`
    return first === undefined ? text : `${text}; requests are answered with code ${first.fact.codeText}`
  }
  if (route === undefined) return 'its source could not be read'
  if (deniedBy !== undefined) {
    const other = deniedBy.route === undefined ? '' : ` (${placeText(deniedBy.route)})`
    return `${placeText(route)} takes requests from ApiProxy ${nameOf(deniedBy)}${other} of another namespace, which is older; routing.cross_namespace denies that`
  }
  if (winner !== undefined && winner !== compiled) {
    return `${placeText(route)} is taken by ApiProxy ${nameOf(winner)}, which comes first by age, namespace and name`
  }
  return [`${placeText(route)} is its own`, ...surprisesOf(compiled, standing)].join('; ')
}

/** What works as it should, and may surprise the owner of an ApiProxy that has its place. */
function surprisesOf({ route }: CompiledApiProxy, { routes, asksWhoElse }: Standing): string[] {
  if (route === undefined) return []
  const entry = entryAt(routes, route.path)
  const captured = asksWhoElse ? capturedNote(route, routes) : undefined
  return [
    ...(entry === undefined ? [] : neighbourNote(route, entry)),
    ...(captured === undefined ? [] : [captured]),
  ]
}

/** Host-less beside hosted at one path is allowed, but may surprise. */
function neighbourNote(route: Route, entry: PathEntry): string[] {
  const anyHost = anyHostAt(entry)
  const hostsCount = hostsAt(entry)
  if (route.virtualHost !== undefined) {
    if (anyHost === undefined) return []
    return [
      `ApiProxy ${anyHost.namespace}/${anyHost.apiproxy} without a virtual host serves all other hosts there`,
    ]
  }
  if (hostsCount === 0) return []
  if (hostsCount > 1) return [`${hostsCount} ApiProxies with a virtual host serve their hosts there`]
  const hosted = [...routesOf(entry)].find(({ virtualHost }) => virtualHost !== undefined)
  return hosted === undefined
    ? []
    : [`ApiProxy ${hosted.namespace}/${hosted.apiproxy} serves the host ${hosted.virtualHost} there`]
}

function resolvedMessage({ failures, notes }: CompiledApiProxy, reached: boolean): string {
  const unresolved = failures
    .filter(isUnresolved)
    .map((failure) => (reached && failure === failures[0] ? answered(failure) : failure.detail))
  const said = unresolved.length === 0 ? ['everything it refers to is there'] : unresolved
  return [...said, ...notes].join('; ')
}

function answered({ fact, detail }: Failure): string {
  return `requests are answered with code ${fact.codeText}: ${detail}`
}

function isUnresolved({ fact }: Failure): boolean {
  return !RESOLVED.has(fact.reason)
}

function placeText({ path, virtualHost }: Route): string {
  return `source path ${path} (${virtualHost === undefined ? 'any host' : `host ${virtualHost}`})`
}

function nameOf({ meta }: CompiledApiProxy): string {
  return `${meta.namespace}/${meta.name}`
}

/** `secret_missing` as a condition says it: `SecretMissing`. */
export function camelCase(reason: string): string {
  return reason.replaceAll(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase())
}
