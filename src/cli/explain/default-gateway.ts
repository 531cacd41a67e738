// Where the commands that ask a running gateway find it unless told: its profiling port.

export const DEFAULT_GATEWAY = 'http://127.0.0.1:9090'
