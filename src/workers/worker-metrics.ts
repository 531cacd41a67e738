// What a scrape gets of the workers themselves: how many serve, which snapshot each has, and how often one was replaced.

import { counter, type Family, gauge, one } from '../telemetry/exposition.ts'
import { METRIC } from '../telemetry/names.ts'
import { TypedCounter } from '../telemetry/typed-counter.ts'
import type { WorkerView } from '../admin/fleet-view.ts'
import { WORKER_ENDS, type WorkerEnd } from './worker-process.ts'

export class WorkerMetrics {
  readonly #restarts = new TypedCounter(WORKER_ENDS.map((reason) => ({ reason })))
  readonly #workers: () => readonly WorkerView[]

  /** @param workers those that run, asked for at each scrape */
  constructor(workers: () => readonly WorkerView[]) {
    this.#workers = workers
  }

  /** A worker has ended that was not asked to. */
  ended(reason: WorkerEnd): void {
    this.#restarts.add(WORKER_ENDS.indexOf(reason), 1)
  }

  families(): readonly Family[] {
    return [
      gauge(METRIC.workers, 'Worker processes that serve.', () =>
        one(this.#workers().filter(({ serving }) => serving).length),
      ),
      gauge(
        METRIC.workerInfo,
        'Process and hash of the live snapshot of each worker: all have the one of kanali_snapshot_info.',
        () =>
          this.#workers().map(({ worker, pid, hash }) => ({
            labels: { worker: String(worker), pid: String(pid), hash },
            value: 1,
          })),
      ),
      gauge(METRIC.workerRevision, 'Revision of the live snapshot of each worker; 0 before the first.', () =>
        this.#workers().map(({ worker, revision }) => ({
          labels: { worker: String(worker) },
          value: revision,
        })),
      ),
      counter(METRIC.workerRestarts, 'Workers that ended unasked and were replaced.', () =>
        this.#restarts.samples(),
      ),
    ]
  }
}
