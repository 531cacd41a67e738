// Code 11: the error's stack is on the span of the request.
export const Plugin = {
  onRequest() {
    throw new Error('this plugin always throws')
  },
  onResponse() {},
}
