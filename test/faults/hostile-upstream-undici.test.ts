import { describeHostileUpstream } from '../contracts/hostile-upstream.ts'

describeHostileUpstream('undici')
