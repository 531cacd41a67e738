// Code 04: the module loads but exports no `Plugin`.
export const Plug = {}
