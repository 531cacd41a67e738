// The proxies that the gateway is compared with, each set up as plainly as its documentation says, on one core,
// without logs or traces; Traefik also with all of it, as the gateway is measured.

import path from 'node:path'
import { freePort } from '../support/free-ports.ts'
import type { TempFolder } from '../support/temp-folder.ts'
import { findTool } from '../tools/find.ts'

export interface Peer {
  readonly name: string
  /** True: it is given a sink for its spans. */
  readonly isTraced?: boolean
  /** True: its time can be profiled. */
  readonly isNode?: boolean
  /** The command that serves `port` in front of `upstreamPort`, or why the peer is left out. */
  command(setting: PeerSetting): Promise<PeerCommand | { missing: string }>
}

export interface PeerSetting {
  readonly port: number
  readonly upstreamPort: number
  /** For its configuration; all peers share it. */
  readonly folder: TempFolder
  /** Takes OTLP over HTTP; empty where the peer is not traced. */
  readonly sinkUrl: string
}

export interface PeerCommand {
  readonly command: readonly [file: string, ...args: string[]]
  readonly env?: Readonly<Record<string, string>>
}

/** What all ratios refer to. */
export const REFERENCE_PEER = '@fastify/http-proxy'

export const PEERS: readonly Peer[] = [
  { name: 'nginx', command: nginx },
  { name: 'haproxy', command: haproxy },
  { name: 'caddy', command: caddy },
  { name: 'traefik', command: traefik },
  { name: 'traefik-traced', isTraced: true, command: traefik },
  { name: REFERENCE_PEER, isNode: true, command: nodePeer('fastify-http-proxy.ts') },
  { name: 'http-proxy-3', isNode: true, command: nodePeer('http-proxy-3.ts') },
]

async function nginx({ port, upstreamPort, folder }: PeerSetting): ReturnType<Peer['command']> {
  const tool = findTool('nginx')
  if ('missing' in tool) return tool
  const at = folder.path
  const config = `daemon off; worker_processes 1; pid ${at}/proxy.pid; error_log stderr error;
events { worker_connections 4096; }
http {
  access_log off; keepalive_timeout 60s; keepalive_requests 1000000000;
  client_body_temp_path ${at}/p1; proxy_temp_path ${at}/p2;
  fastcgi_temp_path ${at}/p3; uwsgi_temp_path ${at}/p4; scgi_temp_path ${at}/p5;
  upstream target { server 127.0.0.1:${upstreamPort}; keepalive 64; keepalive_requests 1000000000; }
  server {
    listen 127.0.0.1:${port};
    location / { proxy_pass http://target; proxy_http_version 1.1; proxy_set_header Connection ""; }
  }
}
`
  return { command: [tool.path, '-p', at, '-e', 'stderr', '-c', await folder.write('proxy.conf', config)] }
}

async function haproxy({ port, upstreamPort, folder }: PeerSetting): ReturnType<Peer['command']> {
  const tool = findTool('haproxy')
  if ('missing' in tool) return tool
  const config = `global
  nbthread 1
  maxconn 4096
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  http-reuse always
frontend in
  bind 127.0.0.1:${port}
  default_backend out
backend out
  server upstream 127.0.0.1:${upstreamPort}
`
  return { command: [tool.path, '-db', '-f', await folder.write('haproxy.cfg', config)] }
}

async function caddy({ port, upstreamPort, folder }: PeerSetting): ReturnType<Peer['command']> {
  const tool = findTool('caddy')
  if ('missing' in tool) return tool
  const config = `{
  admin off
  auto_https off
}
http://127.0.0.1:${port} {
  bind 127.0.0.1
  reverse_proxy 127.0.0.1:${upstreamPort}
}
`
  const file = await folder.write('Caddyfile', config)
  return {
    command: [tool.path, 'run', '--adapter', 'caddyfile', '--config', file],
    env: { GOMAXPROCS: '1', XDG_DATA_HOME: folder.path, XDG_CONFIG_HOME: folder.path },
  }
}

/** Traced where there is a sink: then with metrics, and a log whose lines it may gather before it writes them. */
async function traefik(setting: PeerSetting): ReturnType<Peer['command']> {
  const { port, upstreamPort, folder, sinkUrl } = setting
  const tool = findTool('traefik')
  if ('missing' in tool) return tool
  const isTraced = sinkUrl !== ''
  const routes = {
    http: {
      routers: { all: { rule: 'PathPrefix(`/`)', service: 'upstream', entryPoints: ['web'] } },
      services: {
        upstream: { loadBalancer: { servers: [{ url: `http://127.0.0.1:${upstreamPort}` }] } },
      },
    },
  }
  const telemetry = {
    tracing: { sampleRate: 1, otlp: { http: { endpoint: `${sinkUrl}/v1/traces` } } },
    metrics: { prometheus: { entryPoint: 'metrics' } },
    accessLog: { format: 'json', bufferingSize: 1000 },
  }
  const filename = await folder.write(`traefik-routes-${port}.yml`, JSON.stringify(routes))
  const config = {
    global: { checkNewVersion: false, sendAnonymousUsage: false },
    log: { level: 'ERROR' },
    entryPoints: {
      web: { address: `127.0.0.1:${port}` },
      ...(isTraced ? { metrics: { address: `127.0.0.1:${await freePort()}` } } : {}),
    },
    providers: { file: { filename, watch: false } },
    ...(isTraced ? telemetry : {}),
  }
  const file = await folder.write(`traefik-${port}.yml`, JSON.stringify(config))
  return { command: [tool.path, `--configFile=${file}`], env: { GOMAXPROCS: '1' } }
}

function nodePeer(file: string): Peer['command'] {
  const script = path.join(import.meta.dirname, 'peers', file)
  return ({ port, upstreamPort }) =>
    Promise.resolve({
      command: [process.execPath, script, String(port), `http://127.0.0.1:${upstreamPort}`],
      env: { NODE_ENV: 'production' },
    })
}
