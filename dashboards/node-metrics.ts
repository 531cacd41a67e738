// Names of metrics that the gateway exposes and does not name itself: those of Node and of its process, as the Prometheus
// client calls them. Must never hold a name that the gateway gives: those are in src/telemetry/names.ts.

export const NODE_METRIC = {
  startTime: 'process_start_time_seconds',
  cpu: 'process_cpu_seconds_total',
  residentMemory: 'process_resident_memory_bytes',
  openFiles: 'process_open_fds',
  maxFiles: 'process_max_fds',
  eventLoopP50: 'nodejs_eventloop_lag_p50_seconds',
  eventLoopP99: 'nodejs_eventloop_lag_p99_seconds',
  eventLoopMax: 'nodejs_eventloop_lag_max_seconds',
  eventLoopUtilization: 'nodejs_eventloop_utilization_histogram',
  heapUsed: 'nodejs_heap_size_used_bytes',
  heapTotal: 'nodejs_heap_size_total_bytes',
  externalMemory: 'nodejs_external_memory_bytes',
  heapSpaceUsed: 'nodejs_heap_space_size_used_bytes',
  gcDuration: 'nodejs_gc_duration_seconds',
  version: 'nodejs_version_info',
} as const
