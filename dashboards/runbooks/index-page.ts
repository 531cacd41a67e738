// The index of the runbooks: how to get where the commands run, then all codes and all alerts.

import { CATALOGUE, codeText } from '../../src/errors/catalogue.ts'
import { ALERT_ADVICE } from './alert-advice.ts'
import { GENERATED_NOTE, link, table } from './markdown.ts'
import { pageOfAlert } from './places.ts'

const INTRODUCTION = `# Runbooks

${GENERATED_NOTE}

One page for each error code and one for each alert. Each page: who is hit, the first three commands, how causes are told apart, fixes.
An alert \`KanaliCodeNN\` has the page of its code. Start there; \`kanali explain\` ends most searches.

## Before the first command

\`\`\`
kubectl -n kanali port-forward deploy/kanali 9090 9000 8080
\`\`\`

Each replica answers for itself: to ask a certain one, forward to its pod. Without Kubernetes, run the commands where the gateway runs.

| placeholder | is |
|---|---|
| \`127.0.0.1:9090\` | the profiling port (\`profiling.insecure_port\`); \`kanali explain\` and \`kanali why\` ask it unless \`--gateway\` says otherwise |
| \`127.0.0.1:9000\` | metrics and health (\`prometheus.insecure_port\`) |
| \`<prometheus>\` | host and port of Prometheus |
| \`<trace id>\` | header \`x-kanali-correlation-id\` of the failed answer; field \`trace_id\` of the log; an exemplar |
| \`<namespace>\`, \`<apiproxy>\` | of the ApiProxy: labels of the alert, fields of the log line |
| \`<host>\`, \`<port>\`, \`<path>\` | of the upstream: log field \`upstream\` |
| \`<requested host>\`, \`<requested path>\` | what the client asked for: log fields \`host\`, \`path\` |
| \`<journal>\` | folder of \`events.journal_dir\` |
| \`<gateway namespace>\`, \`<service account>\` | where the gateway runs, and as whom |
| \`<instance>\`, \`<dead instance>\` | address of one replica's metrics: label \`instance\` |
| \`<listener>\` | host and port of the HTTPS listener |
| \`<program log>\` | standard error of the gateway, in a file: \`kubectl logs\` has it together with the access log |

\`kanali explain <trace id>\` prints the commands for its request with all names filled in.
Commands that reach an upstream must run where its network is: a pod beside the gateway, for its image has no shell.

Every command in a block marked \`sh\` is run by a test on a gateway in the state of its page, which compares what it shows and its exit status.
Commands within sentences are for you to adapt: they change something, or need what only you know.
`

export function indexPage(): string {
  const codes = CATALOGUE.map(({ code, status, message, means }) => {
    const digits = codeText(code)
    return [link(digits, `code-${digits}.md`), String(status), means, link(message, `../errors.md#${digits}`)]
  })
  const alerts = ALERT_ADVICE.map(({ name, means }) => [link(name, pageOfAlert(name)), means])
  return [
    INTRODUCTION,
    `## Codes\n\n${table(['code', 'status', 'means', 'clients see'], codes)}\n`,
    `## Alerts\n\n${table(['alert', 'means'], alerts)}\n`,
  ].join('\n')
}
