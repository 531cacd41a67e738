// A few minutes of an ordinary day that goes wrong: good traffic with the usual mistakes of clients, then a change of
// configuration, after which an upstream refuses connections and a plugin throws. What it makes is what the pictures show.

import { ERROR_FACTS, type Reason } from '../../../src/errors/catalogue.ts'
import { REJECTIONS } from '../../../src/errors/rejections.ts'
import type { BoardWorld } from '../../support/board-world.ts'
import type { Outcome } from '../../support/every-outcome/outcome.ts'

/** How often each happens on an ordinary day, as parts of a whole. */
const USUAL: Partial<Record<Outcome, number>> = {
  no_path_matched: 6,
  key_missing: 4,
  key_unknown: 3,
  token_expired: 3,
  rate_exceeded: 2,
  mock_route_missing: 1,
  path_traversal: 2,
  client_closed: 2,
  upstream_answers_503: 2,
}
/** And beside them when it goes wrong. */
const WRONG: Partial<Record<Outcome, number>> = {
  connection_refused: 16,
  response_head_timeout: 2,
  plugin_threw: 6,
  secret_missing: 3,
}
const TURNS_A_MINUTE = 120

/** Runs for that many minutes; the change comes after half of them. @param random a number from 0 to 1 */
export async function ordinaryDay(world: BoardWorld, minutes: number, random: () => number): Promise<void> {
  const { outcomes } = world
  const begun = performance.now()
  const isOver = (share: number): boolean => performance.now() - begun > minutes * 60_000 * share
  let isWrong = false
  while (!isOver(1)) {
    if (!isWrong && isOver(0.5)) {
      isWrong = true
      await world.changeConfiguration('released')
    }
    const turn = performance.now()
    const table = isWrong ? { ...USUAL, ...WRONG } : USUAL
    const wanted = Array.from({ length: isWrong ? 4 : 1 }, () => oneOf(table, random()))
    if (random() < 0.3) wanted.push(anyOf(random()))
    await atBest(() => outcomes.good(24 + Math.round(random() * 12)))
    for (const outcome of wanted) await atBest(() => outcomes.produce(outcome))
    const rest = 60_000 / TURNS_A_MINUTE - (performance.now() - turn)
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, rest)))
  }
}

/** On a busy machine a request may end otherwise than it should. It is in the picture all the same, as what it was. */
async function atBest(run: () => Promise<unknown>): Promise<void> {
  await run().catch((error: Error) => process.stderr.write(`${error.message}\n`))
}

function oneOf(table: Partial<Record<Outcome, number>>, chance: number): Outcome {
  const entries = Object.entries(table) as [Outcome, number][]
  let left = chance * entries.reduce((sum, [, parts]) => sum + parts, 0)
  return entries.find(([, parts]) => (left -= parts) < 0)?.[0] ?? 'no_path_matched'
}

/** Any reason of the catalogue, any rejection that can be had again. */
function anyOf(chance: number): Outcome {
  const all = [
    ...ERROR_FACTS.map(({ reason }): Reason => reason),
    ...REJECTIONS.map(({ reason }) => reason).filter((reason) => reason !== 'shutting_down'),
  ]
  return all[Math.floor(chance * all.length)] ?? 'no_path_matched'
}
