// From the MockTarget that an ApiProxy names to its answers in the order in which a request tries them.

import { failure } from '../errors/failure.ts'
import type { Lookup } from './lookup.ts'
import type { FailedTarget, MockAnswers } from './snapshot.ts'

/** Code 02 where mocks are switched off or the MockTarget is not to be had. */
export function compileMockTarget(
  namespace: string,
  name: string,
  lookup: Lookup,
): MockAnswers | FailedTarget {
  if (!lookup.options['proxy.enable_mock_responses']) {
    return failed('mocks_disabled', 'proxy.enable_mock_responses is false')
  }
  const object = `MockTarget ${namespace}/${name}`
  const { status } = lookup.status('MockTarget', namespace)
  const mockTarget = lookup.object('MockTarget', namespace, name)
  if (mockTarget === undefined) {
    const unheard = status === 'synced' ? '' : ` (the source has not listed MockTargets: ${status})`
    return failed('mock_target_missing', `${object} does not exist${unheard}`)
  }
  if ('problems' in mockTarget) {
    const [{ field, rule }] = mockTarget.problems
    return failed('mock_target_missing', `${object} is invalid: ${field} ${rule}`)
  }
  // Of the prefixes of one path the longest text has the most segments.
  const routes = [...mockTarget.routes].sort((a, b) => b.path.length - a.path.length)
  return { type: 'mock', name, routes }
}

function failed(reason: 'mocks_disabled' | 'mock_target_missing', detail: string): FailedTarget {
  return { type: 'failed', failure: failure(reason, detail) }
}
