/** Waiting before the next try: full jitter, so that a room that lost its switch does not return at once. */
const CEILING_MS = 30_000
const FIRST_MS = 500

/** A wait in ms before try `attempt` (0 is the first repeat); `chance` is in [0, 1). */
export function backoff_ms(attempt: number, chance: number = Math.random()): number {
  return chance * Math.min(CEILING_MS, FIRST_MS * 2 ** Math.min(attempt, 16))
}

export type Sleep = (wait_ms: number, signal?: AbortSignal) => Promise<void>

/** Waits; an abort ends the wait early and is no error. */
export const sleep: Sleep = (wait_ms, signal) =>
  new Promise((done) => {
    if (signal?.aborted) {
      done()
      return
    }
    const timer = setTimeout(finish, wait_ms)
    function finish(): void {
      clearTimeout(timer)
      signal?.removeEventListener('abort', finish)
      done()
    }
    signal?.addEventListener('abort', finish)
  })

/** What the work gives; rejects with a `TimeoutError` when it takes longer. The work is not stopped. */
export async function within<T>(work: Promise<T>, limit_ms: number): Promise<T> {
  const inTime = new AbortController()
  const late = sleep(limit_ms, inTime.signal).then(() => {
    throw new DOMException('took too long', 'TimeoutError')
  })
  try {
    return await Promise.race([work, late])
  } finally {
    late.catch(() => undefined)
    inTime.abort()
  }
}

/** Something that waits and can be woken. A wake between two waits is not lost. */
export class Alarm {
  #sleep: Sleep
  #stop = new AbortController()

  constructor(wait: Sleep = sleep) {
    this.#sleep = wait
  }

  wake(): void {
    this.#stop.abort()
  }

  async wait(wait_ms: number): Promise<void> {
    await this.#sleep(wait_ms, this.#stop.signal)
    this.#stop = new AbortController()
  }
}
