// What a user may bring by `--import`: OpenTelemetry started by somebody else, before the gateway.

import { startNodeSDK } from '@opentelemetry/sdk-node'

startNodeSDK({ instrumentations: [] })
