// Colours by value: which colour holds from where.

import { ThresholdsConfigBuilder, ThresholdsMode } from '@grafana/grafana-foundation-sdk/dashboard'

/** The first colour holds from minus infinity, each further one from its value on. */
export type Steps = readonly [
  colour: string,
  ...further: readonly (readonly [from: number, colour: string])[],
]

export function thresholds([first, ...further]: Steps): ThresholdsConfigBuilder {
  return new ThresholdsConfigBuilder()
    .mode(ThresholdsMode.Absolute)
    .steps([{ value: null, color: first }, ...further.map(([value, color]) => ({ value, color }))])
}
