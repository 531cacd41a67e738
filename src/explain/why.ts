// `kanali why`: the one change of configuration that made the decision on a request what it is. Walks back along the
// records that could have, and builds only what the request can meet, until the decision was another one.

import { decide, type DecisionRequest } from '../decide.ts'
import { guardFailure } from '../decide-guards.ts'
import type { JournalReader, Moment, Step } from '../events/journal/reader.ts'
import { allSettled, EMPTY_STATE, type State } from '../events/state.ts'
import { normalisePath } from '../resources/path.ts'
import { keyOf, type Kind, KINDS, type Resource } from '../resources/resource.ts'
import type { ApiKeyGuard } from '../snapshot/compile-api-key-guard.ts'
import type { CompiledGrant } from '../snapshot/compile-binding.ts'
import { build } from '../snapshot/build.ts'
import type { Snapshot } from '../snapshot/snapshot.ts'
import { objectDiff, type PathChange } from './object-diff.ts'
import { objectsOf, recordView } from './record-view.ts'
import { recordedOptions } from './recorded-options.ts'
import { kindIn, liesAlong, type Turn, turnsOf } from './request-history.ts'

/** The decision under one revision. */
export interface DecisionView {
  readonly outcome: 'ok' | 'error'
  readonly code: string | null
  readonly reason: string | null
  readonly revision: number
  /** In words: which route, and where to or why not. */
  readonly said: string
}

export interface ChangeView {
  readonly type: string
  readonly kind: string | null
  readonly namespace: string | null
  readonly name: string | null
  readonly resourceVersion: string | null
  /** RFC 3339, by the gateway's clock. */
  readonly time: string
  /** Who changed the object, where it says so. */
  readonly manager: string | null
  /** Where the object says when. */
  readonly changedAt: string | null
}

export interface WhyReport {
  /** Null where the decision never changed in what the journal holds. */
  readonly before: DecisionView | null
  readonly after: DecisionView
  readonly event: ChangeView | null
  readonly diff: readonly PathChange[]
  /** First revision of the journal: before it nobody knows. */
  readonly firstRevision: number
}

type Under = Pick<Moment, 'state' | 'options' | 'revision'>

interface Decided {
  readonly view: DecisionView
  /** Equal for equal decisions. */
  readonly signature: string
}

/** @param revision that the request ran under; absent: the last one */
export function whyOf(
  reader: JournalReader,
  request: DecisionRequest,
  revision?: number,
): WhyReport | { readonly problem: string } {
  const path = normalisePath(request.path)
  const target = revision === undefined ? 'end' : { revision }
  const end = reader.at(target)
  if ('problem' in end) return end
  const firstRevision = reader.range()?.firstRevision ?? end.revision
  const after = decideUnder(end, request, path)
  const decideAt = (moment: Under): Decided => decideUnder(moment, request, path)
  const found = lastChange(reader, path, end, after, decideAt)
  if (found === undefined) return { firstRevision, before: null, after: after.view, event: null, diff: [] }
  return { firstRevision, ...found }
}

type Change = Omit<WhyReport, 'firstRevision'>

/** Segment by segment, since most causes are recent, and a journal may be long. */
function lastChange(
  reader: JournalReader,
  path: string,
  end: Moment,
  after: Decided,
  decideAt: (moment: Under) => Decided,
): Change | undefined {
  let start: Step | undefined
  /** Turns of one revision, the oldest first; it may go on in an older segment. */
  let batch: Turn[] = []
  for (const beginning of reader.beginnings()) {
    if (beginning.revision > end.revision) continue
    for (const turn of turnsOf(reader, beginning, path, end.revision).reverse()) {
      const { step } = turn
      if (batch[0]?.step.record.revision !== step.record.revision) {
        const change = changeWithin(batch, after, decideAt)
        if (change !== undefined) return change
        batch = []
      }
      // A process that begins is told everything anew: nothing was decided by the half of it.
      if (!allSettled(step.before)) {
        start = step
        batch = []
        continue
      }
      const missed = start && missedChange(start, step.after, end.state, after, path, decideAt)
      if (missed !== undefined) return missed
      start = undefined
      batch.unshift(turn)
    }
    if (start === undefined || !allSettled(beginning.state)) continue
    const missed = missedChange(start, beginning, end.state, after, path, decideAt)
    if (missed !== undefined) return missed
  }
  return changeWithin(batch, after, decideAt)
}

/**
 * The turn of one revision that made the decision what it is; undefined where the one served before it was the same.
 * What a batch passed through on its way was never served, and is never told as what was before.
 */
function changeWithin(
  batch: readonly Turn[],
  after: Decided,
  decideAt: (moment: Under) => Decided,
): Change | undefined {
  const beforeOf = ({ step }: Turn): Decided => decideAt({ ...step.after, state: step.before })
  const [first] = batch
  if (first === undefined) return undefined
  const served = beforeOf(first)
  if (served.signature === after.signature) return undefined
  const turn = batch.findLast((each) => beforeOf(each).signature !== after.signature) ?? first
  const { step } = turn
  const keys = decidingKeys(step.before, step.after, turn.keys, after, decideAt)
  return { ...changeOf({ step, keys }), before: earlier(served, step), after: revised(after, step) }
}

/** What changed between the last moment of a former process and the start of the next; undefined where nothing did. */
function missedChange(
  start: Step,
  last: Moment,
  now: State,
  after: Decided,
  path: string,
  decideAt: (moment: Under) => Decided,
): Change | undefined {
  const before = decideAt(last)
  if (before.signature === after.signature) return undefined
  const differing = differingKeys(reduced(last.state, path), reduced(now, path))
  const step = { ...start, before: last.state, after: { ...start.after, state: now } }
  const keys = decidingKeys(step.before, step.after, differing, after, decideAt)
  return { ...changeOf({ step, keys }), before: before.view, after: revised(after, start) }
}

function revised({ view }: Decided, { record }: Step): DecisionView {
  return { ...view, revision: record.revision }
}

/** Objects that differ. */
function differingKeys(was: State, is: State): string[] {
  return KINDS.flatMap((kind) => {
    const [older, newer] = [was.kinds[kind].objects, is.kinds[kind].objects]
    const all = [...new Set([...older.keys(), ...newer.keys()])].sort()
    return all.filter((key) => older.get(key)?.digest !== newer.get(key)?.digest)
  })
}

/**
 * Of several things that changed at once the one object with which the decision became what it is, one after the other in
 * the order given; halved, so that a list of thousands costs few builds. None where it became so without any of them.
 */
function decidingKeys(
  was: State,
  now: Moment,
  keys: readonly string[],
  after: Decided,
  decideAt: (moment: Under) => Decided,
): readonly string[] {
  if (keys.length <= 1) return keys
  const objects = keys.filter((key) => kindIn(key) !== undefined)
  const isReached = (count: number): boolean =>
    decideAt({ ...now, state: putBack(now.state, was, objects.slice(count)) }).signature === after.signature
  if (isReached(0)) return []
  let [before, reached] = [0, objects.length]
  while (reached - before > 1) {
    const middle = Math.floor((before + reached) / 2)
    if (isReached(middle)) reached = middle
    else before = middle
  }
  return objects.slice(before, reached)
}

/** The state with these objects as they were. */
function putBack(now: State, was: State, keys: readonly string[]): State {
  const kinds = { ...now.kinds }
  for (const key of keys) {
    const kind = kindIn(key)
    if (kind === undefined) continue
    const entry = was.kinds[kind].objects.get(key)
    const { objects } = kinds[kind]
    kinds[kind] = {
      ...kinds[kind],
      objects: entry === undefined ? objects.delete(key) : objects.set(key, entry),
    }
  }
  return { ...now, kinds }
}

/** The revision before the record's own is not in the record: it is that of what was live. */
function earlier({ view }: Decided, { record }: Step): DecisionView {
  return { ...view, revision: Math.max(0, record.revision - 1) }
}

function changeOf({ step, keys }: Turn): Pick<WhyReport, 'event' | 'diff'> {
  const { record, before, after } = step
  const view = recordView(record, keys)
  const [object] = objectsOf(record.event, new Set(keys))
  const key = keys.length === 1 ? keys[0] : undefined
  const [, namespace = '', name = ''] = key?.split('/') ?? []
  const known = key === undefined ? undefined : kindIn(key)
  const was = known === undefined ? undefined : resourceAt(before, known, namespace, name)
  const is = known === undefined ? undefined : resourceAt(after.state, known, namespace, name)
  return {
    event: {
      type: view.type,
      kind: known ?? view.kind ?? null,
      namespace: known === undefined ? (view.namespace ?? null) : namespace,
      name: known === undefined ? (view.name ?? null) : name,
      resourceVersion: (is ?? object)?.meta.resourceVersion ?? null,
      time: view.time,
      manager: (is ?? object)?.meta.changedBy?.manager ?? null,
      changedAt: (is ?? object)?.meta.changedBy?.time ?? null,
    },
    diff: known === undefined ? [] : objectDiff(was, is),
  }
}

function resourceAt(state: State, kind: Kind, namespace: string, name: string): Resource | undefined {
  return state.kinds[kind].objects.get(keyOf(kind, namespace, name))?.resource
}

function decideUnder(moment: Under, request: DecisionRequest, path: string): Decided {
  const snapshot = build(reduced(moment.state, path), recordedOptions(moment.options))
  return { view: viewOf(snapshot, request, moment.revision), signature: signatureOf(snapshot, request) }
}

/** Only what the request can meet: ApiProxies along its path, and whatever else is in their namespaces. */
function reduced(state: State, path: string): State {
  const proxies = state.kinds.ApiProxy.objects.filter(({ resource }) => liesAlong(resource, path))
  const namespaces = new Set(proxies.valueSeq().map(({ resource }) => resource.meta.namespace))
  const kinds = { ...state.kinds, ApiProxy: { ...state.kinds.ApiProxy, objects: proxies } }
  for (const kind of KINDS) {
    if (kind === 'ApiProxy') continue
    const { objects } = state.kinds[kind]
    const kept =
      kind === 'ApiKey'
        ? objects.clear()
        : objects.filter(({ resource }) => namespaces.has(resource.meta.namespace))
    kinds[kind] = { ...state.kinds[kind], objects: kept }
  }
  return {
    ...state,
    kinds,
    version: EMPTY_STATE.version + 1,
    touched: undefined,
    settledAt: EMPTY_STATE.version + 1,
  }
}

function viewOf(snapshot: Snapshot, request: DecisionRequest, revision: number): DecisionView {
  const decision = decide(snapshot, request)
  const { route, outcome, targetPath } = decision
  const ended = guardFailure(snapshot, decision, { method: request.method, headerValues: () => [] })
  const failure =
    route?.invalid ?? ended?.failure ?? (outcome.type === 'failed' ? outcome.failure : undefined)
  const who = route === undefined ? '' : `ApiProxy ${route.namespace}/${route.apiproxy}: `
  if (failure !== undefined) {
    const { codeText, reason } = failure.fact
    return {
      outcome: 'error',
      code: codeText,
      reason,
      revision,
      said: `${who}code ${codeText}, ${reason}: ${failure.detail}`,
    }
  }
  const ok = { outcome: 'ok', code: null, reason: null, revision } as const
  if (outcome.type === 'answer') return { ...ok, said: `${who}a MockTarget answers ${outcome.route.status}` }
  if (outcome.type === 'failed') return { ...ok, said: who }
  const [{ host, port }, ...others] = outcome.endpoints
  const more = others.length === 0 ? '' : ` or one of ${others.length} others`
  return { ...ok, said: `${who}${outcome.scheme}://${host}:${port}${targetPath}${more}` }
}

/** All that is settled before an upstream is touched (design: the decision). */
function signatureOf(snapshot: Snapshot, request: DecisionRequest): string {
  const { route, outcome, targetPath } = decide(snapshot, request)
  const plugins = route?.plugins.map(({ name, version, config, failure, guard }) => [
    name,
    version,
    config,
    (failure ?? guard?.failure)?.detail,
    guard?.type === 'apikey' ? grantsText(guard.grants) : undefined,
  ])
  const end =
    outcome.type === 'failed'
      ? [outcome.failure.fact.reason, outcome.failure.detail]
      : outcome.type === 'answer'
        ? [outcome.route]
        : [
            outcome.scheme,
            outcome.endpoints.map(({ host, port }) => `${host}:${port}`).sort(),
            outcome.tls?.id,
          ]
  return JSON.stringify([
    route?.namespace,
    route?.apiproxy,
    route?.path,
    route?.invalid?.detail,
    targetPath,
    plugins,
    end,
  ])
}

function grantsText(grants: ApiKeyGuard['grants']): string {
  return JSON.stringify(
    Array.from(grants, ([name, { defaultRule, subpaths, rate, quota }]) => [
      name,
      ruleParts(defaultRule),
      subpaths.map(({ rule, pattern }) => [ruleParts(rule), pattern === undefined]),
      rate,
      quota,
    ]),
  )
}

function ruleParts({ place, global, verbs }: CompiledGrant['defaultRule']): readonly unknown[] {
  return [place, global, ...verbs]
}
