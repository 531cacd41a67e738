// What a source of resources is once it is open, and what it needs to be opened: the same for each of them.

import type { PipelineOptions, Publication } from './pipeline.ts'
import type { Vault } from './resources/vault.ts'
import type { Log } from './telemetry/log.ts'

export interface OpenedSource {
  /** Label `source` of metrics. */
  readonly name: 'directory' | 'kubernetes'
  readonly sources: PipelineOptions['sources']
  /** To be called after each swap. */
  published(publication: Publication): void
  /** Ends what the pipeline's own end does not. */
  stop(): Promise<void>
}

export interface SourceParts {
  readonly vault: Vault
  readonly log: Log
  /** What a former process knew, and until when (ms epoch), is served until the source is there. */
  readonly restoredSince?: number | undefined
}
