// Runs a command of a runbook as its reader does: in a real shell, with the programs that the page names. Ports that a
// page takes for granted (9090, 9000, 8080 on 127.0.0.1) are put in the place of those of the gateway at hand, and
// `kanali` asks that gateway. Must never reach beyond loopback.

import path from 'node:path'
import type { OutcomeGateway } from '../every-outcome/outcome.ts'
import { runToEnd } from '../running-process.ts'
import { tempFolder, type TempFolder } from '../temp-folder.ts'

export interface ShellAnswer {
  readonly status: number | null
  /** Both outputs. */
  readonly output: string
}

const ROOT = path.join(import.meta.dirname, '../../..')
const TIMEOUT_MS = 60_000

/** `explain` and `why` ask the gateway unless they are told otherwise, as a page says that they ask 127.0.0.1:9090. */
const KANALI = `#!/bin/sh
case "$1 $*" in
  *--directory*) ;;
  explain*|why*) set -- "$@" --gateway "$RUNBOOK_GATEWAY" ;;
esac
exec "${process.execPath}" "${ROOT}/src/cli/kanali.ts" "$@"
`

export class RunbookShell implements AsyncDisposable {
  readonly #folder: TempFolder
  readonly #env: Readonly<Record<string, string>>
  /** The same command on the same gateway shows the same. */
  readonly #answers = new Map<string, Promise<ShellAnswer>>()

  private constructor(folder: TempFolder, env: Readonly<Record<string, string>>) {
    this.#folder = folder
    this.#env = env
  }

  /**
   * @param programs paths of programs that a page calls by their name
   * @param env further variables, such as KUBECONFIG
   */
  static async open(
    programs: readonly string[] = [],
    env: Readonly<Record<string, string>> = {},
  ): Promise<RunbookShell> {
    const folder = await tempFolder('runbook')
    await folder.write('bin/kanali', KANALI)
    await runToEnd('chmod', ['+x', `${folder.path}/bin/kanali`])
    const folders = [
      `${folder.path}/bin`,
      path.dirname(process.execPath),
      ...programs.map((file) => path.dirname(file)),
    ]
    return new RunbookShell(folder, { ...env, PATH: [...folders, process.env['PATH'] ?? ''].join(':') })
  }

  /** Runs a command that may never end, such as one that reaches a silent upstream, for some seconds. */
  tryOut(command: string, gateway: OutcomeGateway): Promise<ShellAnswer> {
    return this.run('timeout 3 sh -c "$TRIED"', gateway, { TRIED: onPorts(command, gateway) })
  }

  /** Runs it to its end, once. `gateway` is the one that the page speaks of. */
  run(
    command: string,
    gateway: OutcomeGateway,
    env: Readonly<Record<string, string>> = {},
  ): Promise<ShellAnswer> {
    const key = JSON.stringify([command, gateway.port, env])
    const answer = this.#answers.get(key) ?? this.#run(command, gateway, env)
    this.#answers.set(key, answer)
    return answer
  }

  async #run(
    command: string,
    gateway: OutcomeGateway,
    env: Readonly<Record<string, string>>,
  ): Promise<ShellAnswer> {
    const { exit, stdout, stderr } = await runToEnd('sh', ['-c', onPorts(command, gateway)], {
      cwd: this.#folder.path,
      timeoutMs: TIMEOUT_MS,
      env: {
        ...this.#env,
        ...env,
        RUNBOOK_GATEWAY: `http://127.0.0.1:${gateway.profilingPort}`,
        // A page calls kanali a hundred times: what was compiled once need not be again.
        NODE_COMPILE_CACHE: `${this.#folder.path}/compiled`,
        // A look-up fails before a query is sent, as it does for the gateway of the world.
        RES_OPTIONS: 'attempts:0',
      },
    })
    return { status: exit.code, output: stdout + stderr }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#folder.remove()
  }
}

/** With the ports of this gateway in the place of the usual ones. */
function onPorts(command: string, { port, profilingPort, prometheusPort }: OutcomeGateway): string {
  return command
    .replaceAll('127.0.0.1:9090', `127.0.0.1:${profilingPort}`)
    .replaceAll('127.0.0.1:9000', `127.0.0.1:${prometheusPort}`)
    .replaceAll('127.0.0.1:8080', `127.0.0.1:${port}`)
}
