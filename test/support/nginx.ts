// Debian's nginx in the foreground on loopback ports, with a prefix of its own: an upstream that no one here wrote.
// What it received is read from its access log.
//
//   /static           200, a small JSON body with Content-Length, an ETag and Set-Cookie twice
//   /echo...          200, text: request line, then `name: value` for every header in ECHOED_HEADERS that came
//   /status/CODE      an empty or short answer with that status (STATUSES)
//   /files/NAME       files given at the start, with ranges and conditional requests
//   /chunked/NAME     the same files with chunked transfer coding
//   /slow/NAME        the same files at 64 KiB a second
//   /cut              the connection is closed without an answer
//   /upload/NAME      PUT stores, GET gives back what was stored

import { readFile } from 'node:fs/promises'
import path from 'node:path'
import type { Issued } from './certificates.ts'
import { freePorts } from './free-ports.ts'
import { RunningProcess } from './running-process.ts'
import { tempFolder, type TempFolder } from './temp-folder.ts'
import { waitUntil } from './wait-until.ts'

export const ECHOED_HEADERS = [
  'host',
  'user-agent',
  'accept',
  'authorization',
  'connection',
  'content-length',
  'content-type',
  'cookie',
  'forwarded',
  'keep-alive',
  'te',
  'traceparent',
  'tracestate',
  'transfer-encoding',
  'upgrade',
  'via',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-test',
] as const

const STATUSES = [204, 301, 304, 400, 401, 403, 404, 418, 429, 500, 502, 503] as const
const STARTS_MAX = 3

/** One line of nginx's access log. */
export interface NginxRequest {
  readonly requestLine: string
  readonly status: number
  /** Number of the connection, and which request on it this was (from 1): shows keep-alive. */
  readonly connection: number
  readonly connectionRequests: number
  readonly traceparent: string
  readonly host: string
  readonly requestBytes: number
  /** TLS protocol, name asked for by SNI and subject of the client certificate; empty without. */
  readonly tlsProtocol: string
  readonly serverName: string
  readonly clientSubject: string
}

export interface NginxOptions {
  /** Files for /files, /chunked and /slow. */
  readonly files?: Readonly<Record<string, string | Uint8Array>>
  /** Given: an https server with the same places; `clientAuthority` (PEM) makes it demand a client certificate. */
  readonly tls?: Issued & { readonly clientAuthority?: string }
}

export class Nginx implements AsyncDisposable {
  readonly port: number
  /** 0 without `tls`. */
  readonly tlsPort: number
  readonly process: RunningProcess
  readonly #folder: TempFolder

  constructor(port: number, tlsPort: number, running: RunningProcess, folder: TempFolder) {
    this.port = port
    this.tlsPort = tlsPort
    this.process = running
    this.#folder = folder
  }

  /** Waits until nginx has logged `count` requests that `predicate` accepts, and gives all of those. */
  async requests(
    predicate: (request: NginxRequest) => boolean = () => true,
    count = 1,
  ): Promise<NginxRequest[]> {
    return waitUntil(async () => {
      const text = await readFile(path.join(this.#folder.path, 'access.jsonl'), 'utf8')
      const lines = text.split('\n').slice(0, -1)
      const found = lines.map((line) => JSON.parse(line) as NginxRequest).filter(predicate)
      return found.length >= count && found
    }, `${count} requests in nginx's log`)
  }

  async stop(): Promise<void> {
    await this.process.stop()
    await this.#folder.remove()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }
}

/** Starts `binary` (see requireTool) and waits until it accepts connections. */
export async function startNginx(binary: string, options: NginxOptions = {}): Promise<Nginx> {
  for (let start = 1; ; start++) {
    const [port = 0, tlsPort = 0] = await freePorts(2)
    const folder = await tempFolder('nginx')
    for (const [name, content] of Object.entries(options.files ?? {})) {
      await folder.write(`files/${name}`, content)
    }
    await folder.write('files/.keep', '')
    await folder.write('stored/upload/.keep', '')
    await folder.write('access.jsonl', '')
    if (options.tls !== undefined) await writeTlsFiles(folder, options.tls)
    const config = await folder.write('nginx.conf', configuration(folder.path, port, tlsPort, options))
    const running = new RunningProcess(binary, ['-p', folder.path, '-c', config, '-e', 'stderr'])
    try {
      await running.until(() => answers(port), 'nginx is ready')
      return new Nginx(port, options.tls === undefined ? 0 : tlsPort, running, folder)
    } catch (error) {
      await running.stop()
      await folder.remove()
      if (!running.stderr.includes('Address already in use') || start === STARTS_MAX) throw error
    }
  }
}

async function writeTlsFiles(folder: TempFolder, tls: NonNullable<NginxOptions['tls']>): Promise<void> {
  await folder.write('tls.crt', tls.certificate)
  await folder.write('tls.key', tls.key)
  if (tls.clientAuthority !== undefined) await folder.write('client-ca.crt', tls.clientAuthority)
}

/** One process without a master: it runs as whoever runs the test, and ends when it is told to. */
function configuration(folder: string, port: number, tlsPort: number, { tls }: NginxOptions): string {
  const servers = [server(`listen 127.0.0.1:${port};`, folder)]
  if (tls !== undefined) {
    const verify =
      tls.clientAuthority === undefined
        ? ''
        : `ssl_client_certificate ${folder}/client-ca.crt; ssl_verify_client on;`
    const listen = `listen 127.0.0.1:${tlsPort} ssl; ssl_certificate ${folder}/tls.crt;
    ssl_certificate_key ${folder}/tls.key; ${verify}`
    servers.push(server(listen, folder))
  }
  return `
daemon off;
master_process off;
pid ${folder}/nginx.pid;
error_log stderr warn;
events { worker_connections 256; }
http {
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  client_max_body_size 0;
  default_type application/octet-stream;
  log_format json escape=json '{"requestLine":"$request","status":$status,"connection":$connection,'
    '"connectionRequests":$connection_requests,"traceparent":"$http_traceparent","host":"$http_host",'
    '"requestBytes":$request_length,"tlsProtocol":"$ssl_protocol","serverName":"$ssl_server_name",'
    '"clientSubject":"$ssl_client_s_dn"}';
  access_log ${folder}/access.jsonl json;
${ECHOED_HEADERS.map(echoMap).join('\n')}
${servers.join('\n')}
}
`
}

/** A line `name: value` for a header that came, nothing for one that did not. */
function echoMap(name: string): string {
  const variable = name.replaceAll('-', '_')
  return `  map $http_${variable} $echo_${variable} { "" ""; default "${name}: $http_${variable}\\n"; }`
}

function server(listen: string, folder: string): string {
  const echo = ECHOED_HEADERS.map((name) => `\${echo_${name.replaceAll('-', '_')}}`).join('')
  const statuses = STATUSES.map((status) => {
    const answer = status === 301 ? 'return 301 /static;' : `return ${status};`
    return `    location = /status/${status} { ${answer} }`
  })
  return `  server {
    ${listen}
    keepalive_timeout 60s;
    location = /ready { access_log off; return 204; }
    location = /static {
      default_type application/json;
      add_header ETag '"static-1"';
      add_header Set-Cookie "a=1";
      add_header Set-Cookie "b=2; Path=/";
      return 200 '{"from":"nginx"}';
    }
    location /echo { default_type text/plain; return 200 "$request\\n${echo}"; }
${statuses.join('\n')}
    location = /cut { return 444; }
    location /files/ { root ${folder}; }
    location /chunked/ { alias ${folder}/files/; ssi on; ssi_types *; }
    location /slow/ { alias ${folder}/files/; limit_rate 64k; }
    location /upload/ { root ${folder}/stored; dav_methods PUT; }
  }`
}

async function answers(port: number): Promise<boolean> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/ready`)
    await response.arrayBuffer()
    return response.status === 204
  } catch {
    return false
  }
}
