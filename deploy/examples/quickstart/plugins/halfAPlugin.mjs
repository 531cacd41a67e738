// Code 05: `onResponse` is missing.
export const Plugin = { onRequest() {} }
