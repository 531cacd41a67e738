// From the MockTarget that an ApiProxy names to its answers in the order in which a request tries them.

import { failure, failureAt, type FailureSite } from '../errors/failure.ts'
import type { Meta } from '../resources/resource.ts'
import { siteOf } from './failure-site.ts'
import type { Lookup } from './lookup.ts'
import type { FailedTarget, MockAnswers } from './snapshot.ts'

/** Code 02 where mocks are switched off or the MockTarget is not to be had. */
export function compileMockTarget(owner: Meta, name: string, lookup: Lookup): MockAnswers | FailedTarget {
  if (!lookup.options['proxy.enable_mock_responses']) {
    const detail = 'proxy.enable_mock_responses is false'
    return { type: 'failed', failure: failure('mocks_disabled', detail) }
  }
  const { namespace } = owner
  const object = `MockTarget ${namespace}/${name}`
  const { status } = lookup.status('MockTarget', namespace)
  const mockTarget = lookup.object('MockTarget', namespace, name)
  if (mockTarget === undefined) {
    const unheard = status === 'synced' ? '' : ` (the source has not listed MockTargets: ${status})`
    return missing(siteOf('ApiProxy', owner, NAME_FIELD), `${object} does not exist${unheard}`)
  }
  if ('problems' in mockTarget) {
    const [{ field, rule }] = mockTarget.problems
    return missing(siteOf('MockTarget', mockTarget.meta, field), `${object} is invalid: ${field} ${rule}`)
  }
  // Of the prefixes of one path the longest text has the most segments.
  const routes = [...mockTarget.routes].sort((a, b) => b.path.length - a.path.length)
  return { type: 'mock', name, routes }
}

const NAME_FIELD = 'spec.target.backend.mock.mockTargetName'

function missing(at: FailureSite, detail: string): FailedTarget {
  return { type: 'failed', failure: failureAt('mock_target_missing', at, detail) }
}
