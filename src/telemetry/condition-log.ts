// Conditions that went bad, changed while bad or are good again, as lines of the program's log.

import type { Snapshot } from '../snapshot/snapshot.ts'
import type { Log } from './log.ts'

/** Says what this snapshot changed, and nothing that was said before. */
export function logConditions(snapshot: Snapshot, log: Pick<Log, 'info' | 'warn'>): void {
  for (const { before, after } of snapshot.changes.conditions) {
    const condition = after ?? before
    // An ApiProxy's Ready says it all; ResolvedRefs and Accepted would say it again.
    if (condition === undefined || (condition.kind === 'ApiProxy' && condition.type !== 'Ready')) continue
    const { kind, namespace, name, type, status, reason, message } = condition
    const fields = { kind, namespace, name, condition: type, status, reason, revision: snapshot.revision }
    if (after === undefined) log.info(fields, 'the object of a failing condition is gone')
    else if (status === 'False') log.warn(fields, message)
    else log.info(fields, message)
  }
}
