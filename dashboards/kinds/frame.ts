// What every panel has, whatever it shows: a title, what it says and what to do about it, a size, a data source, queries.
// Must never be left out by a kind of panel: tests look for each of these.

import type { DataSourceRef } from '@grafana/grafana-foundation-sdk/common'
import type { Builder, Dataquery } from '@grafana/grafana-foundation-sdk/cog'
import type { Link } from '../explore-links.ts'
import type { Query } from '../queries.ts'
import { DATASOURCE } from '../variables.ts'

export interface Frame {
  readonly title: string
  /** What it shows, and what a person does who does not like what they see. Markdown. */
  readonly description: string
  /** Columns of the grid, of 24. */
  readonly w: number
  /** Rows of the grid, of about 36 pixels. */
  readonly h: number
  /** In the corner of the panel. */
  readonly links?: readonly Link[]
}

/** What the builders of all kinds can do. */
interface FrameBuilder {
  title(title: string): unknown
  description(description: string): unknown
  datasource(datasource: DataSourceRef): unknown
  span(columns: number): unknown
  height(rows: number): unknown
  links(links: Link[]): unknown
  targets(targets: Builder<Dataquery>[]): unknown
}

const REF_IDS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'

/** Fills in what all kinds have; the queries get the letters A, B, ... in their order. */
export function frame<Kind extends FrameBuilder>(
  panel: Kind,
  { title, description, w, h, links }: Frame,
  queries: readonly Query[],
): Kind {
  panel.title(title)
  panel.description(description)
  panel.span(w)
  panel.height(h)
  if (links !== undefined) panel.links([...links])
  if (queries.length > 0) panel.datasource(DATASOURCE)
  panel.targets(queries.map((query, at) => query.refId(REF_IDS.charAt(at))))
  return panel
}
