// One segment of a journal, walked forwards with the decision on one request at hand: where it was decided otherwise than in
// the end, and what of it hangs together with the segments before. Built from state to state, so that a walk costs little.

import type { DecisionRequest } from '../decide.ts'
import type { JournalReader, Moment, Step } from '../events/journal/reader.ts'
import { allSettled } from '../events/state.ts'
import { type Kind, KINDS } from '../resources/resource.ts'
import { build } from '../snapshot/build.ts'
import type { Snapshot } from '../snapshot/snapshot.ts'
import { type Decided, decidedUnder } from './decision-view.ts'
import { recordedOptions } from './recorded-options.ts'
import { liesAlong } from './request-scope.ts'

/** A request, its path normalised. */
export interface Asked extends DecisionRequest {
  readonly path: string
}

/** What became known by one record, or at a new start of the process. */
export interface Turn {
  readonly step: Step
  /** Keys of what it changed that may concern the request. */
  readonly keys: readonly string[]
}

/** The turns of one revision. */
export interface Batch {
  readonly revision: number
  readonly turns: readonly [Turn, ...Turn[]]
  /** Under the revision before it. */
  readonly served: Decided
}

/** What a walk along one segment found. */
export interface Walk {
  /** Behind its last record that is of interest, with the decision there. */
  readonly last: Moment
  readonly decided: () => Decided
  /** The last batch before which it was decided otherwise than in the end. */
  readonly turned: Batch | undefined
  /** The first batch, where it may have begun in the segment before: what was served before it is not known yet. */
  readonly open: readonly Turn[]
  /** The first turn of a process that was still being told everything. */
  readonly start: Step | undefined
}

/**
 * @param reader through the scope of the request
 * @param beginning of the segment
 * @param end the last revision that is of interest, and the signature of the decision under it
 * @param carried the open batch of the segment behind this one
 */
export function walk(
  reader: JournalReader,
  beginning: Moment,
  request: Asked,
  end: { readonly revision: number; readonly signature: string },
  carried: readonly Turn[],
): Walk {
  const running = new RunningDecision(request)
  const batches = new Batches(running, beginning.revision, end.signature)
  let last = beginning
  let start: Step | undefined
  for (const step of reader.steps(beginning)) {
    const { record, after, before } = step
    if (record.revision > end.revision || after.position.segment !== beginning.position.segment) break
    last = after
    const keys = record.keys.filter((key) => concerns(key, step, request.path))
    if (keys.length === 0) continue
    // A process that begins is told everything anew: nothing was decided by the half of it.
    if (allSettled(before)) batches.take({ step, keys })
    else {
      start ??= step
      batches.forget()
    }
  }
  batches.takeCarried(carried, last)
  const { turned, open } = batches.end()
  return { last, decided: () => running.at(last), turned, open, start }
}

/** What is decided in a moment that stands alone. */
export function decidedAt(moment: Pick<Moment, 'state' | 'options' | 'revision'>, request: Asked): Decided {
  const snapshot = build(moment.state, recordedOptions(moment.options))
  return decidedUnder(snapshot, request, moment.revision)
}

/** Of the object that a key names; undefined where it names something else. */
export function kindIn(key: string): Kind | undefined {
  return KINDS.find((kind) => key.startsWith(kind) && key.charCodeAt(kind.length) === 0x2f)
}

/** The decision under states that follow each other, each built from the one before. */
class RunningDecision {
  readonly #request: Asked
  #snapshot: Snapshot | undefined

  constructor(request: Asked) {
    this.#request = request
  }

  at({ state, options, revision }: Pick<Moment, 'state' | 'options' | 'revision'>): Decided {
    this.#snapshot = build(state, recordedOptions(options), this.#snapshot)
    return decidedUnder(this.#snapshot, this.#request, revision)
  }
}

class Batches {
  readonly #running: RunningDecision
  readonly #firstRevision: number
  readonly #signature: string
  #current: { revision: number; turns: [Turn, ...Turn[]]; served: Decided } | undefined
  #turned: Batch | undefined
  #open: readonly Turn[] = []

  constructor(running: RunningDecision, firstRevision: number, signature: string) {
    this.#running = running
    this.#firstRevision = firstRevision
    this.#signature = signature
  }

  take(turn: Turn): void {
    const { record, before, after } = turn.step
    if (this.#current?.revision === record.revision) {
      this.#current.turns.push(turn)
      return
    }
    this.#close()
    const served = this.#running.at({ ...after, state: before })
    this.#current = { revision: record.revision, turns: [turn], served }
  }

  /** @param last of this segment */
  takeCarried(carried: readonly Turn[], last: Moment): void {
    const [first, ...others] = carried
    if (first === undefined) return
    const { revision } = first.step.record
    if (this.#current?.revision === revision) this.#current.turns.push(first, ...others)
    else {
      this.#close()
      this.#current = { revision, turns: [first, ...others], served: this.#running.at(last) }
    }
  }

  forget(): void {
    this.#current = undefined
    this.#turned = undefined
    this.#open = []
  }

  end(): Pick<Walk, 'turned' | 'open'> {
    this.#close()
    return { turned: this.#turned, open: this.#open }
  }

  #close(): void {
    const batch = this.#current
    this.#current = undefined
    if (batch === undefined) return
    if (batch.revision === this.#firstRevision) this.#open = batch.turns
    else if (batch.served.signature !== this.#signature) this.#turned = batch
  }
}

function concerns(key: string, { before, after }: Step, path: string): boolean {
  const kind = kindIn(key)
  if (kind === undefined) return key !== 'Problems' && key !== 'Stale'
  if (kind !== 'ApiProxy') return true
  const was = before.kinds.ApiProxy.objects.get(key)?.resource
  const is = after.state.kinds.ApiProxy.objects.get(key)?.resource
  return liesAlong(was, path) || liesAlong(is, path)
}
