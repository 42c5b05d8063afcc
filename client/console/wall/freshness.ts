/** How old what the wall shows is. A frozen wall that looks alive is the worst failure. */
export const AMBER_MS = 5000
export const STALE_MS = 15_000

export type Freshness = 'fresh' | 'amber' | 'stale'

/** The server's clock as this computer knows it; both numbers from the monotonic clock's messages. */
export interface Heard {
  /** Largest seen (server time − monotonic time), ms: the least delayed message. */
  offset_ms: number
  /** Server time of the newest message, ms. */
  server_ms: number
}

export function hear(before: Heard | null, server_ms: number, monotonic_ms: number): Heard {
  const offset_ms = server_ms - monotonic_ms
  if (before === null) return { offset_ms, server_ms }
  return {
    offset_ms: Math.max(before.offset_ms, offset_ms),
    server_ms: Math.max(before.server_ms, server_ms),
  }
}

/** The server's time now. */
export function serverNow(heard: Heard, monotonic_ms: number): number {
  return heard.offset_ms + monotonic_ms
}

/** Age of what is shown, ms: waiting and late delivery both count. */
export function ageOf(heard: Heard, monotonic_ms: number): number {
  return Math.max(0, serverNow(heard, monotonic_ms) - heard.server_ms)
}

export function freshness(age_ms: number): Freshness {
  if (age_ms > STALE_MS) return 'stale'
  return age_ms > AMBER_MS ? 'amber' : 'fresh'
}
