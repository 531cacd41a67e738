export async function profileTarget(): Promise<void> {}
