// The requests to try: what `npm start` prints, and what its test runs.

const AT = 'http://127.0.0.1:8080'

/** `status` and `code` (two digits) are what the answer must have; `shows` is the printed explanation. */
export const CURLS: readonly { command: string; shows: string; status: number; code?: string }[] = [
  {
    command: `curl -i '${AT}/shop/cart?id=1'`,
    shows: '200 from the demo upstream, through Service and EndpointSlice',
    status: 200,
  },
  {
    command: `curl -i -H 'Host: vip.example' ${AT}/shop/cart`,
    shows: '200, the virtual host: the upstream sees /vip/cart',
    status: 200,
  },
  { command: `curl -i ${AT}/hello`, shows: '200 from a MockTarget, no upstream asked', status: 200 },
  {
    command: `curl -i ${AT}/secure/whoami`,
    shows: '200 over TLS, client certificate and private CA from a Secret',
    status: 200,
  },
  { command: `curl -i -H 'x-team: blue' ${AT}/guarded`, shows: '200, the plugin lets it pass', status: 200 },
  {
    command: `curl -i ${AT}/guarded`,
    shows: '400, the plugin answers itself: x-team is missing',
    status: 400,
  },
  {
    command: `curl -i -H 'apikey: demoPartnerKey' ${AT}/orders/7`,
    shows: '200, the api key is known and its binding grants GET; the answer tells what is left of its rate',
    status: 200,
  },
  {
    command: `curl -i ${AT}/orders/7`,
    shows: '403, code 12: no api key',
    status: 403,
    code: '12',
  },
  {
    command: `curl -i -X DELETE -H 'apikey: demoPartnerKey' ${AT}/orders/7`,
    shows: '401, code 13: the binding does not grant DELETE',
    status: 401,
    code: '13',
  },
  {
    command: `curl -s -o /dev/null -H 'apikey: demoPartnerKey' ${AT}/rare-orders; curl -i -H 'apikey: demoPartnerKey' ${AT}/rare-orders`,
    shows: '429, code 14: one request an hour is granted there',
    status: 429,
    code: '14',
  },
  {
    command: `curl -i ${AT}/nowhere`,
    shows: '404, code 00: no ApiProxy has this path',
    status: 404,
    code: '00',
  },
  {
    command: `curl -i ${AT}/errors/02`,
    shows: '404, code 02: the MockTarget does not exist',
    status: 404,
    code: '02',
  },
  {
    command: `curl -i ${AT}/errors/03`,
    shows: '500, code 03: there is no file for the plugin',
    status: 500,
    code: '03',
  },
  {
    command: `curl -i ${AT}/errors/04`,
    shows: '500, code 04: the plugin exports no Plugin',
    status: 500,
    code: '04',
  },
  {
    command: `curl -i ${AT}/errors/05`,
    shows: '500, code 05: the plugin lacks onResponse',
    status: 500,
    code: '05',
  },
  {
    command: `curl -i ${AT}/errors/06`,
    shows: '500, code 06: the Secret does not exist',
    status: 500,
    code: '06',
  },
  {
    command: `curl -i ${AT}/errors/07`,
    shows: '500, code 07: certificate and key do not belong together',
    status: 500,
    code: '07',
  },
  {
    command: `curl -i ${AT}/errors/08/refused`,
    shows: '502, code 08: nothing listens there',
    status: 502,
    code: '08',
  },
  {
    command: `curl -i ${AT}/errors/08/untrusted`,
    shows: '502, code 08: the same code, another reason: nobody trusts that certificate',
    status: 502,
    code: '08',
  },
  {
    command: `curl -i ${AT}/errors/08/slow`,
    shows: '502, code 08 after 2 s: the upstream never answers',
    status: 502,
    code: '08',
  },
  {
    command: `curl -i ${AT}/errors/10`,
    shows: '500, code 10: the Service does not exist',
    status: 500,
    code: '10',
  },
  {
    command: `curl -i ${AT}/errors/11`,
    shows: '500, code 11: the plugin throws; its stack is on the span',
    status: 500,
    code: '11',
  },
  {
    command: `curl -i --path-as-is ${AT}/shop/../etc/passwd`,
    shows: '400, refused by HTTP rules: no Kanali code',
    status: 400,
  },
]
