// Text on a board, as Markdown: what a code means and how its cause is found. Grafana fills variables in.

import type { Panel } from '@grafana/grafana-foundation-sdk/dashboard'
import { PanelBuilder, TextMode } from '@grafana/grafana-foundation-sdk/text'
import type { Builder } from '@grafana/grafana-foundation-sdk/cog'
import { frame, type Frame } from './frame.ts'

/** @param markdown what stands in the panel */
export function prose(text: Frame, markdown: string): Builder<Panel> {
  return frame(new PanelBuilder(), text, []).mode(TextMode.Markdown).content(markdown)
}
