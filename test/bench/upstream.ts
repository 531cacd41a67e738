// What all proxies of a run stand in front of: nginx with a fixed answer, else a small Node server.

import path from 'node:path'
import { freePort } from '../support/free-ports.ts'
import { RunningProcess } from '../support/running-process.ts'
import type { TempFolder } from '../support/temp-folder.ts'
import { findTool } from '../tools/find.ts'
import { answersAt } from './answers-at.ts'

/** 125 bytes, as in the measurements that the project's figures are compared with. */
export const UPSTREAM_BODY = JSON.stringify({ from: 'upstream', padding: 'x'.repeat(91) })

export interface BenchUpstream {
  readonly port: number
  readonly process: RunningProcess
  readonly said: string
}

/** Starts it and waits until it answers. */
export async function startBenchUpstream(
  folder: TempFolder,
  prefix: readonly string[],
): Promise<BenchUpstream> {
  const port = await freePort()
  const nginx = findTool('nginx')
  const command =
    'path' in nginx
      ? [nginx.path, '-p', folder.path, '-e', 'stderr', '-c', await configuration(folder, port)]
      : [process.execPath, path.join(import.meta.dirname, 'upstream-server.ts'), String(port)]
  const [file = '', ...args] = [...prefix, ...command]
  const running = new RunningProcess(file, args)
  await running.until(() => answersAt(port, '/'), 'the upstream answers')
  return { port, process: running, said: 'path' in nginx ? 'nginx' : 'a Node server (nginx is not there)' }
}

function configuration(folder: TempFolder, port: number): Promise<string> {
  return folder.write(
    'upstream.conf',
    `daemon off; master_process off; pid ${folder.path}/upstream.pid; error_log stderr error;
events { worker_connections 4096; }
http {
  access_log off; keepalive_timeout 60s; keepalive_requests 1000000000;
  client_body_temp_path ${folder.path}/u1; proxy_temp_path ${folder.path}/u2;
  fastcgi_temp_path ${folder.path}/u3; uwsgi_temp_path ${folder.path}/u4; scgi_temp_path ${folder.path}/u5;
  server {
    listen 127.0.0.1:${port};
    location / { default_type application/json; return 200 '${UPSTREAM_BODY}'; }
  }
}
`,
  )
}
