// Whether something answers on a loopback port with a good status.

/** False also where nothing listens. */
export async function answersAt(port: number, target: string): Promise<boolean> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}${target}`, { signal: AbortSignal.timeout(2000) })
    await response.arrayBuffer()
    return response.ok
  } catch {
    return false
  }
}
