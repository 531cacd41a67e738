// Queries of panels: over time for graphs, at the end of the time shown for numbers and tables, and as buckets.
// Must never be made beside these, so that every query has the data source variable and says which kind it is.

import {
  DataqueryBuilder,
  PromQueryFormat,
  QueryEditorMode,
} from '@grafana/grafana-foundation-sdk/prometheus'
import { DATASOURCE } from './variables.ts'

export type Query = DataqueryBuilder

/** A series for each label set. @param legend text with labels as `{{code}}` */
export function overTime(promql: string, legend: string): Query {
  return query(promql).range().legendFormat(legend)
}

/** The same with exemplars: points on the graph that lead to traces. */
export function withExemplars(promql: string, legend: string): Query {
  return overTime(promql, legend).exemplar(true)
}

/** Rows of a table: labels and one value. */
export function rows(promql: string): Query {
  return query(promql).instant().format(PromQueryFormat.Table)
}

/** One number a label set. */
export function now(promql: string, legend = ''): Query {
  return query(promql).instant().legendFormat(legend)
}

/** The cells of a heatmap. @param promql `sum by (le) (increase(...))` */
export function buckets(promql: string): Query {
  return query(promql).range().format(PromQueryFormat.Heatmap).legendFormat('{{le}}')
}

function query(promql: string): Query {
  return new DataqueryBuilder().expr(promql).datasource(DATASOURCE).editorMode(QueryEditorMode.Code)
}
