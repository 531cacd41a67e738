// What colour means on every board: whose fault it is, and what became of a request. Codes and reasons are shades of
// the colour of their blame, so that a glance at a graph says who has to act. Nothing here knows a code by name.

import { CATALOGUE, codeText, type ErrorFact } from '../src/errors/catalogue.ts'
import { type Blame, BLAMES, type CatalogueEntry } from '../src/errors/catalogue-entry.ts'

/** Hue and saturation of HSL: degrees, per cent. */
const BLAME_HUE: Readonly<Record<Blame, readonly [hue: number, saturation: number]>> = {
  client: [214, 80],
  config: [32, 95],
  upstream: [282, 55],
  plugin: [174, 60],
  gateway: [354, 80],
}

/** Of the shades of one blame, in per cent: never so dark or so light that it is lost on either theme. */
const LIGHTNESS = { from: 40, to: 70, middle: 56 }

export const GOOD = '#56A64B'
export const WARNING = '#FF9830'
export const BAD = '#E02F44'
export const NEUTRAL = '#8E8E8E'
export const ACCENT = '#5794F2'

/** Of `kanali.outcome`; an error has its blame, where the graph knows it. */
export const OUTCOME_COLOUR = {
  ok: GOOD,
  error: BAD,
  rejected: '#B8860B',
  client_closed: NEUTRAL,
} as const

/** Classes of statuses, as regular expressions over them. */
export const STATUS_SHADES = {
  '/^1/': NEUTRAL,
  '/^2/': GOOD,
  '/^3/': ACCENT,
  '/^4/': '#F2CC0C',
  '/^5/': BAD,
  '/^(0|_)/': NEUTRAL,
} as const

/** The colour of a blame itself. */
export const BLAME_COLOUR = Object.fromEntries(
  BLAMES.map((blame) => [blame, hexOf(blame, LIGHTNESS.middle)]),
) as Readonly<Record<Blame, string>>

/** A colour for each code, by its two digits: a shade of the blame that most of its reasons have. */
export const CODE_COLOUR: Readonly<Record<string, string>> = shades(
  CATALOGUE.map((entry) => ({ name: codeText(entry.code), blame: mainBlame(entry) })),
)

/** A colour for each of these reasons: shades of their blames. */
export function reasonColours(facts: readonly ErrorFact[]): Readonly<Record<string, string>> {
  return shades(facts.map(({ reason, blame }) => ({ name: reason, blame })))
}

/** The blame of most reasons of a code; of several that are equal, the first. */
export function mainBlame({ reasons }: CatalogueEntry): Blame {
  const count = (blame: Blame) => reasons.filter((cause) => cause.blame === blame).length
  const named = reasons.map(({ blame }) => blame)
  const most = Math.max(...named.map(count))
  return named.find((blame) => count(blame) === most) ?? 'gateway'
}

function shades(named: readonly { readonly name: string; readonly blame: Blame }[]): Record<string, string> {
  const colours: Record<string, string> = {}
  for (const blame of BLAMES) {
    const names = named.filter((each) => each.blame === blame).map(({ name }) => name)
    const step = (LIGHTNESS.to - LIGHTNESS.from) / Math.max(1, names.length - 1)
    for (const [at, name] of names.entries()) {
      const lightness = names.length === 1 ? LIGHTNESS.middle : LIGHTNESS.from + at * step
      colours[name] = hexOf(blame, lightness)
    }
  }
  return colours
}

function hexOf(blame: Blame, lightness: number): string {
  const [hue, saturation] = BLAME_HUE[blame]
  const light = lightness / 100
  const reach = (saturation / 100) * Math.min(light, 1 - light)
  const channel = (offset: number): string => {
    const at = (offset + hue / 30) % 12
    const value = light - reach * Math.max(-1, Math.min(at - 3, 9 - at, 1))
    return Math.round(value * 255)
      .toString(16)
      .padStart(2, '0')
  }
  return `#${channel(0)}${channel(8)}${channel(4)}`
}
