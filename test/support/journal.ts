// A journal in a folder of a test's own, with a live state beside it: events go to both, as in a gateway, and whatever is
// read from the files can be compared with what was live. No pipeline, no clock: a batch is what the test calls one.

import { copyFile, mkdir, readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { DEFAULT_OPTIONS } from '../../src/config/options.ts'
import type { ResourceEvent } from '../../src/events/event.ts'
import { type Journal, type JournalOptions, openJournal } from '../../src/events/journal/journal.ts'
import { apply, EMPTY_STATE, type State } from '../../src/events/state.ts'
import { settle, touchedSince } from '../../src/events/touched.ts'
import { build, INITIAL_SNAPSHOT } from '../../src/snapshot/build.ts'
import { buildOptionsOf } from '../../src/snapshot/build-options.ts'
import type { Snapshot } from '../../src/snapshot/snapshot.ts'
import { LogLines } from './log-lines.ts'

export const BUILD_OPTIONS = buildOptionsOf(DEFAULT_OPTIONS)

export function journalOptions(
  folder: string,
  log: LogLines,
  overrides: Partial<JournalOptions> = {},
): JournalOptions {
  return {
    folder,
    restore: true,
    buildOptions: BUILD_OPTIONS,
    version: '1',
    fsync: 'never',
    fsyncIntervalMs: 1000,
    segmentBytes: 1024 ** 2,
    checkpointRecords: 1000,
    bytesMax: 1024 ** 3,
    ageMaxMs: 3_600_000,
    log,
    ...overrides,
  }
}

/** What was live under one revision. */
export interface Live {
  readonly revision: number
  readonly hash: string
}

export class JournaledWorld {
  readonly log: LogLines
  readonly journal: Journal
  /** One for each revision, in order. */
  readonly lived: Live[] = []
  state: State
  snapshot: Snapshot
  #builtVersion: number

  private constructor(journal: Journal, log: LogLines) {
    this.journal = journal
    this.log = log
    this.state = journal.restored?.state ?? EMPTY_STATE
    this.snapshot = { ...INITIAL_SNAPSHOT, revision: journal.revision }
    this.#builtVersion = 0
  }

  /** Opens the journal and goes on from it, as a gateway does. Throws where the start is refused. */
  static async open(folder: string, overrides: Partial<JournalOptions> = {}): Promise<JournaledWorld> {
    const log = new LogLines()
    const journal = await openJournal(journalOptions(folder, log, overrides))
    if ('problem' in journal) throw new Error(journal.problem)
    const world = new JournaledWorld(journal, log)
    const { restored } = journal
    if (restored !== undefined) {
      world.batch([{ type: 'restored', source: 'journal', observedAt: 0, since: restored.since }])
    }
    return world
  }

  /** Folds the events and publishes one snapshot. */
  batch(events: readonly ResourceEvent[]): void {
    for (const event of events) this.take(event)
    this.publish()
  }

  take(event: ResourceEvent): void {
    const before = this.state
    this.state = apply(before, event)
    if (this.state === before) return
    const isBuilt = this.state.version === this.#builtVersion
    const revision = this.snapshot.revision + (isBuilt ? 0 : 1)
    const keys = [...(touchedSince(this.state, before.version) ?? [])]
    this.journal.append({ event, revision, state: this.state, keys })
  }

  publish(): void {
    if (this.state.version === this.#builtVersion) return
    this.snapshot = build(this.state, BUILD_OPTIONS, this.snapshot)
    this.#builtVersion = this.state.version
    this.state = settle(this.state)
    this.lived.push({ revision: this.snapshot.revision, hash: this.snapshot.hash })
  }

  stop(): Promise<void> {
    return this.journal.stop()
  }
}

/** The hash of a state under the options of these tests. */
export function hashOf(state: State): string {
  return build(state, BUILD_OPTIONS).hash
}

/** Copies the segments of a journal, so that the copy can be damaged. */
export async function copySegments(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true, mode: 0o700 })
  for (const name of await segmentsOf(from)) await copyFile(path.join(from, name), path.join(to, name))
}

/** Names of all segments, the oldest first. */
export async function segmentsOf(folder: string): Promise<string[]> {
  return (await readdir(folder)).filter((name) => name.endsWith('.journal')).sort()
}

/** Everything in the folder, as one text. */
export async function textOf(folder: string): Promise<string> {
  const texts = (await readdir(folder)).map((name) => readFile(path.join(folder, name), 'utf8'))
  return (await Promise.all(texts)).join('')
}
