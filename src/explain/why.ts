// `kanali why`: the one change of configuration that made the decision on a request what it is. Walks back along the
// segments of a journal, reading only what the request can meet, until the decision was another one.

import type { DecisionRequest } from '../decide.ts'
import type { JournalReader, Moment, Step } from '../events/journal/reader.ts'
import { allSettled, type State } from '../events/state.ts'
import { normalisePath } from '../resources/path.ts'
import { keyOf, type Kind, type Resource } from '../resources/resource.ts'
import { decidingKeys, differingKeys } from './deciding-object.ts'
import type { Decided, DecisionView } from './decision-view.ts'
import { objectDiff, type PathChange } from './object-diff.ts'
import { objectsOf, recordView } from './record-view.ts'
import { type Asked, type Batch, decidedAt, kindIn, type Turn, walk } from './request-history.ts'
import { requestScope } from './request-scope.ts'

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

type Change = Omit<WhyReport, 'firstRevision'>

/** @param revision that the request ran under; absent: the last one */
export function whyOf(
  reader: JournalReader,
  request: DecisionRequest,
  revision?: number,
): WhyReport | { readonly problem: string } {
  const asked: Asked = { ...request, path: normalisePath(request.path) }
  const narrow = reader.through(requestScope(reader, asked.path))
  const end = narrow.at(revision === undefined ? 'end' : { revision })
  if ('problem' in end) return end
  const firstRevision = narrow.firstRevision() ?? end.revision
  const search = new Search(asked, end)
  const found = search.lastChange(narrow)
  const { view: after } = search.after
  return { firstRevision, ...(found ?? { before: null, after, event: null, diff: [] }) }
}

/** What made the decision in the end what it is. */
class Search {
  readonly after: Decided
  readonly #request: Asked
  readonly #end: Moment

  constructor(request: Asked, end: Moment) {
    this.#request = request
    this.#end = end
    this.after = decidedAt(end, request)
  }

  /** Segment by segment, since most causes are recent, and a journal may be long. */
  lastChange(reader: JournalReader): Change | undefined {
    const end = { revision: this.#end.revision, signature: this.after.signature }
    let start: Step | undefined
    let open: readonly Turn[] = []
    for (const beginning of reader.beginnings()) {
      if (beginning.revision > end.revision) continue
      const walked = walk(reader, beginning, this.#request, end, open)
      if (start !== undefined && allSettled(walked.last.state)) {
        const missed = this.#missed(start, walked.last, walked.decided())
        if (missed !== undefined) return missed
        start = undefined
      }
      if (walked.turned !== undefined) return this.#changeIn(walked.turned)
      start = walked.start ?? start
      open = walked.open
    }
    return this.#changeInFirst(open)
  }

  /** Of the oldest revision that is left a part may have been lost. */
  #changeInFirst([first, ...others]: readonly Turn[]): Change | undefined {
    if (first === undefined) return undefined
    const served = this.#decidedBefore(first)
    if (served.signature === this.after.signature) return undefined
    return this.#changeIn({ revision: first.step.record.revision, turns: [first, ...others], served })
  }

  /**
   * The turn of one revision that made the decision what it is. What a batch passed through on its way was never served,
   * and is never told as what was before.
   */
  #changeIn({ turns, served }: Batch): Change {
    const { signature } = this.after
    const turn = turns.findLast((each) => this.#decidedBefore(each).signature !== signature) ?? turns[0]
    return this.#change(turn.step, turn.keys, served.view)
  }

  /** What changed between the last moment of a former process and the start of the next; undefined where nothing did. */
  #missed(start: Step, last: Moment, before: Decided): Change | undefined {
    if (before.signature === this.after.signature) return undefined
    const now = this.#end.state
    const step = { ...start, before: last.state, after: { ...start.after, state: now } }
    return this.#change(step, differingKeys(last.state, now), before.view)
  }

  #change(step: Step, keys: readonly string[], served: DecisionView): Change {
    const { signature, view } = this.after
    const isReached = (state: State): boolean =>
      decidedAt({ ...step.after, state }, this.#request).signature === signature
    const deciding = decidingKeys(step.before, step.after.state, keys, isReached)
    const { revision } = step.record
    const after = { ...view, revision }
    // What was live before is not in the record.
    const before = { ...served, revision: Math.max(0, revision - 1) }
    return { ...changeOf({ step, keys: deciding }), before, after }
  }

  #decidedBefore({ step }: Turn): Decided {
    return decidedAt({ ...step.after, state: step.before }, this.#request)
  }
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
