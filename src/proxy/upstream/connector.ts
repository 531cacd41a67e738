// Opens connections to one endpoint: resolves, checks the addresses, connects, shakes hands, for whichever transport asks.
// Whatever fails here is reported with the phase in which it failed, to the request that waited for it.

import { lookup as resolve, type LookupAddress } from 'node:dns'
import { connect as connectTcp, isIP, type LookupFunction, type OnReadOpts, type Socket } from 'node:net'
import type { SecureContext, TLSSocket } from 'node:tls'
import type { AddressGuard } from './address-guard.ts'
import type { Phase } from './transport.ts'

const { connect: connectTls } = process.getBuiltinModule('node:tls')

/** A connection that could not be made. */
export class ConnectError extends Error {
  readonly phase: Extract<Phase, 'dns' | 'connect' | 'tls'>
  readonly code: string | undefined

  constructor(phase: ConnectError['phase'], cause: Error, code?: string) {
    super(cause.message, { cause })
    this.name = 'ConnectError'
    this.phase = phase
    this.code = code ?? ('code' in cause && typeof cause.code === 'string' ? cause.code : undefined)
  }
}

/** Codes of ours for what has no errno. */
export const CONNECT_TIMEOUT = 'KANALI_CONNECT_TIMEOUT'
export const ADDRESS_REFUSED = 'KANALI_ADDRESS_REFUSED'
export const TLS_MATERIAL_REFUSED = 'KANALI_TLS_MATERIAL_REFUSED'

/** Where connections that are open are counted. */
export interface UpstreamLoad {
  upstreamConnections: number
}

export interface ConnectorOptions {
  readonly host: string
  readonly port: number
  readonly timeoutMs: number
  readonly guard: AddressGuard
  readonly load: UpstreamLoad
  /** Absent: plain TCP. */
  readonly tls?: {
    readonly context: SecureContext
    readonly serverName: string
    readonly checkName: boolean
  }
}

type ConnectCallback = (error: ConnectError | null, socket: Socket | null) => void

/** How far the connection of one lane is. */
export interface Connecting {
  /** Undefined while none is being made. */
  phase: ConnectError['phase'] | undefined
  /** When the latest one was ready, `performance.now()`; 0 before the first. */
  connectedAt: number
}

/** The latest TLS session of an endpoint, offered again: that saves a round trip and the certificate's verification. */
export interface Sessions {
  latest?: Buffer
}

/** A connector as undici's `connect` option takes it. */
export function createConnector(options: ConnectorOptions, sessions: Sessions, connecting: Connecting) {
  return (_undici: unknown, callback: ConnectCallback): Socket | undefined =>
    openConnection(options, sessions, connecting, callback)
}

/**
 * Opens one connection; `done` comes later, once, with the connection or with why there is none. `onread` takes what is
 * read, instead of the socket's stream.
 */
export function openConnection(
  options: ConnectorOptions,
  sessions: Sessions,
  connecting: Connecting,
  done: ConnectCallback,
  onread?: OnReadOpts,
): Socket | undefined {
  return open(options, sessions, connecting, onread, (error, socket) => {
    connecting.phase = undefined
    if (error === null) connecting.connectedAt = performance.now()
    if (socket !== null) count(options.load, socket)
    done(error, socket)
  })
}

function count(load: UpstreamLoad, socket: Socket): void {
  load.upstreamConnections += 1
  socket.once('close', () => {
    load.upstreamConnections -= 1
  })
}

function open(
  options: ConnectorOptions,
  sessions: Sessions,
  connecting: Connecting,
  onread: OnReadOpts | undefined,
  done: ConnectCallback,
): Socket | undefined {
  const literal = isIP(options.host) !== 0
  const refusal = literal ? options.guard.refusal(options.host, options.port) : undefined
  if (refusal !== undefined) {
    queueMicrotask(() => done(new ConnectError('connect', new Error(refusal), ADDRESS_REFUSED), null))
    return undefined
  }
  let phase: ConnectError['phase'] = literal ? 'connect' : 'dns'
  connecting.phase = phase
  const tcp = {
    host: options.host,
    port: options.port,
    lookup: guardedLookup(options),
    noDelay: true,
    keepAlive: true,
    ...(onread === undefined ? {} : { onread }),
  }
  const socket = options.tls === undefined ? connectTcp(tcp) : secure(tcp, options.tls, sessions)
  const ready = options.tls === undefined ? 'connect' : 'secureConnect'
  const timer = setTimeout(() => {
    socket.destroy(
      Object.assign(new Error(`no connection within ${options.timeoutMs} ms`), { code: CONNECT_TIMEOUT }),
    )
  }, options.timeoutMs)
  const onLookup = (error: Error | null): void => {
    if (error === null) connecting.phase = phase = 'connect'
  }
  const onConnect = (): void => {
    connecting.phase = phase = 'tls'
  }
  const onError = (error: Error): void => {
    if (!settled) settle(new ConnectError(phase, error))
  }
  const onClose = (): void =>
    settle(new ConnectError(phase, new Error('closed before the connection was ready')))
  const onReady = (): void => settle(undefined)
  let settled = false
  const settle = (failed: ConnectError | undefined): void => {
    settled = true
    clearTimeout(timer)
    socket.off('lookup', onLookup).off('connect', onConnect).off(ready, onReady).off('close', onClose)
    // The error listener stays: a socket that fails twice must not take the process down.
    if (failed === undefined) socket.off('error', onError)
    // The first error tells most: behind the alert of a refused certificate comes the end of the connection, and
    // undici would keep that.
    if (failed === undefined && options.tls !== undefined) {
      socket.once('error', (error) => socket.destroy(error))
    }
    done(failed ?? null, failed === undefined ? socket : null)
  }
  socket.on('lookup', onLookup).on('error', onError).once('close', onClose).once(ready, onReady)
  if (options.tls !== undefined) socket.once('connect', onConnect)
  return socket
}

interface TcpOptions {
  readonly host: string
  readonly port: number
  readonly lookup: LookupFunction
  readonly noDelay: boolean
  readonly keepAlive: boolean
  readonly onread?: OnReadOpts
}

function secure(tcp: TcpOptions, tls: NonNullable<ConnectorOptions['tls']>, sessions: Sessions): TLSSocket {
  const socket = connectTls({
    ...tcp,
    secureContext: tls.context,
    ALPNProtocols: ['http/1.1'],
    // SNI carries names only (RFC 6066 section 3); an address is still checked against the certificate.
    ...(isIP(tls.serverName) === 0 ? { servername: tls.serverName } : { servername: '' }),
    ...(sessions.latest === undefined ? {} : { session: sessions.latest }),
    ...(tls.checkName ? {} : { checkServerIdentity: () => undefined }),
  })
  return socket.on('session', (session: Buffer) => {
    sessions.latest = session
  })
}

/** Resolves and refuses the name where any of its addresses may not be connected to: picking one would be luck. */
function guardedLookup(options: ConnectorOptions): LookupFunction {
  return (hostname, lookupOptions, callback) => {
    resolve(hostname, { ...lookupOptions, all: true }, (error, addresses: LookupAddress[]) => {
      if (error !== null) return callback(error, '', 0)
      for (const { address } of addresses) {
        const refusal = options.guard.refusal(address, options.port)
        if (refusal !== undefined) {
          const refused = Object.assign(new Error(`${hostname}: ${refusal}`), { code: ADDRESS_REFUSED })
          return callback(refused, '', 0)
        }
      }
      if (lookupOptions.all === true) return callback(null, addresses)
      const first = addresses[0]
      return callback(null, first?.address ?? '', first?.family ?? 4)
    })
  }
}
