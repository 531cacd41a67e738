// The options that influence a build: part of its input, of the snapshot's hash and of the head of a journal.

import type { Options } from '../config/options.ts'

export const BUILD_OPTION_NAMES = [
  'proxy.enable_cluster_ip',
  'proxy.enable_endpoint_slices',
  'proxy.enable_mock_responses',
  'proxy.default_header_values',
  'routing.cross_namespace',
] as const

export type BuildOptions = Pick<Options, (typeof BUILD_OPTION_NAMES)[number]>

/** Only those options, so that no other can find its way into a hash. */
export function buildOptionsOf(options: BuildOptions): BuildOptions {
  return {
    'proxy.enable_cluster_ip': options['proxy.enable_cluster_ip'],
    'proxy.enable_endpoint_slices': options['proxy.enable_endpoint_slices'],
    'proxy.enable_mock_responses': options['proxy.enable_mock_responses'],
    'proxy.default_header_values': options['proxy.default_header_values'],
    'routing.cross_namespace': options['routing.cross_namespace'],
  }
}
