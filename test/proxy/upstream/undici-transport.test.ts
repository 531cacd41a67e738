import { describeEndToEnd } from '../../contracts/end-to-end.ts'
import { describeTransport } from '../../contracts/transport.ts'

describeTransport('undici')
describeEndToEnd('undici')
