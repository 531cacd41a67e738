// `POST /debug/explain`: what the gateway would decide on a request, without sending anything anywhere.

import type { Snapshot } from '../snapshot/snapshot.ts'
import type { AdminRoute } from './admin-server.ts'
import { type Answer, refusal } from './answer.ts'
import { type AskedRules, type AskedText, explainAsked } from './asked-request.ts'

export interface DecisionPageInputs extends AskedRules {
  current(): Snapshot
}

const FORM =
  'The content must be JSON like {"request":"GET https://shop.example/cart","headers":[["x-tenant","a"]]}.'

export function decisionPage(inputs: DecisionPageInputs): AdminRoute {
  return {
    method: 'POST',
    path: '/debug/explain',
    answer: ({ body }): Answer => {
      const asked = readAsked(body)
      if (asked === undefined) return refusal(400, 'bad_request', FORM)
      const report = explainAsked(inputs.current(), asked, inputs)
      if ('problem' in report) return refusal(400, 'bad_request', report.problem)
      return { status: 200, json: report }
    },
  }
}

/** Undefined where it is something else. */
function readAsked(body: Buffer): AskedText | undefined {
  try {
    const content: unknown = JSON.parse(body.toString('utf8'))
    if (typeof content !== 'object' || content === null || !('request' in content)) return undefined
    const { request } = content
    const headers: unknown = 'headers' in content ? content.headers : []
    if (typeof request !== 'string' || !Array.isArray(headers) || !headers.every(isPair)) return undefined
    return { request, headers }
  } catch {
    return undefined
  }
}

function isPair(value: unknown): value is readonly [string, string] {
  return Array.isArray(value) && value.length === 2 && value.every((each) => typeof each === 'string')
}
