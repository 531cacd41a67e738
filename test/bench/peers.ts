// The proxies that the gateway is compared with, each set up as plainly as its documentation says, on one core,
// without logs or traces.

import path from 'node:path'
import type { TempFolder } from '../support/temp-folder.ts'
import { findTool } from '../tools/find.ts'

export interface Peer {
  readonly name: string
  /** The command that serves `port` in front of `upstreamPort`, or why the peer is left out. */
  command(port: number, upstreamPort: number, folder: TempFolder): Promise<PeerCommand | { missing: string }>
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
  { name: REFERENCE_PEER, command: nodePeer('fastify-http-proxy.ts') },
  { name: 'http-proxy-3', command: nodePeer('http-proxy-3.ts') },
]

async function nginx(port: number, upstreamPort: number, folder: TempFolder): ReturnType<Peer['command']> {
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

async function haproxy(port: number, upstreamPort: number, folder: TempFolder): ReturnType<Peer['command']> {
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

async function caddy(port: number, upstreamPort: number, folder: TempFolder): ReturnType<Peer['command']> {
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

function nodePeer(file: string): Peer['command'] {
  const script = path.join(import.meta.dirname, 'peers', file)
  return (port, upstreamPort) =>
    Promise.resolve({
      command: [process.execPath, script, String(port), `http://127.0.0.1:${upstreamPort}`],
      env: { NODE_ENV: 'production' },
    })
}
