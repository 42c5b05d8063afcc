/**
 * The server's time on this computer's monotonic clock.
 *
 * Rules kept here: the wall clock of the PC is never read; of the last eight samples the one with the
 * shortest round trip counts; the shown time moves by at most 50 ms a second towards it and jumps
 * only when it is off by more than two seconds.
 */
const KEPT = 8
const SLEW = 0.05
const JUMP_MS = 2000

interface Sample {
  rtt_ms: number
  offset_ms: number
}

export class ServerClock {
  #mono: () => number
  #samples: Sample[] = []
  #offset_ms: number | null = null
  #moved_at: number

  constructor(mono: () => number = () => performance.now()) {
    this.#mono = mono
    this.#moved_at = mono()
  }

  /** The monotonic reading, ms; give it to `sample` as the time of sending. */
  mono(): number {
    return this.#mono()
  }

  /** One exchange: sent at `sent_mono`, answered with `server_ms`, received now. */
  sample(sent_mono: number, server_ms: number): void {
    const received = this.#mono()
    const rtt_ms = received - sent_mono
    if (rtt_ms < 0) return
    const offset_ms = server_ms + rtt_ms / 2 - received
    const off = this.#offset_ms === null ? Infinity : Math.abs(offset_ms - this.#offset_ms)
    // Beyond what this round trip can explain, the server's clock was set: older samples mislead.
    if (off > JUMP_MS + rtt_ms / 2) this.#samples = []
    this.#samples = [...this.#samples, { rtt_ms, offset_ms }].slice(-KEPT)
    this.#settle()
  }

  /** Whether the server's time is known at all. */
  get isSet(): boolean {
    return this.#offset_ms !== null
  }

  /** The server's time, whole ms. */
  now(): number {
    this.#settle()
    return Math.round(this.#mono() + (this.#offset_ms ?? 0))
  }

  /** The shortest round trip of late, ms; null before the first sample. */
  get rtt_ms(): number | null {
    return this.#best()?.rtt_ms ?? null
  }

  #best(): Sample | undefined {
    return this.#samples.reduce<Sample | undefined>(
      (best, next) => (best === undefined || next.rtt_ms <= best.rtt_ms ? next : best),
      undefined,
    )
  }

  #settle(): void {
    const best = this.#best()
    const now = this.#mono()
    const passed_ms = now - this.#moved_at
    this.#moved_at = now
    if (best === undefined) return
    const gap = best.offset_ms - (this.#offset_ms ?? -Infinity)
    if (Math.abs(gap) > JUMP_MS) this.#offset_ms = best.offset_ms
    else {
      const most = passed_ms * SLEW
      this.#offset_ms = (this.#offset_ms ?? 0) + Math.max(-most, Math.min(most, gap))
    }
  }
}
