/** What was made and is not acknowledged, as the candidate is told of it. */
import type { ExamView } from './view'

/** Of an event that is being stored; no acknowledgement covers it. */
const UNNUMBERED = Infinity

export interface MadeEvent {
  seq: number
  readonly at_ms: number
}

export class Made {
  readonly #view: ExamView
  /** When text began that is not an event yet; null without one. */
  readonly #typed_ms: () => number | null
  #events: MadeEvent[] = []

  constructor(view: ExamView, typed_ms: () => number | null) {
    this.#view = view
    this.#typed_ms = typed_ms
  }

  /** Counted before it is stored: a computer that takes its time must not look like one that is done. */
  begin(at_ms: number): MadeEvent {
    const made = { seq: UNNUMBERED, at_ms }
    this.#events.push(made)
    this.count()
    return made
  }

  /** What an earlier page made. */
  takeOver(events: readonly { seq: number; client_ms: number }[]): void {
    this.#events = events.map(({ seq, client_ms }) => ({ seq, at_ms: client_ms }))
    this.count()
  }

  acked(through: number): void {
    this.#events = this.#events.filter((made) => made.seq > through)
    this.count()
  }

  count(): void {
    const typed_ms = this.#typed_ms()
    this.#view.waiting = this.#events.length + (typed_ms === null ? 0 : 1)
    this.#view.oldest_ms = this.#events[0]?.at_ms ?? typed_ms
  }

  /** Resolves when every one has its number. */
  async numbered(): Promise<void> {
    while (this.#events.some((made) => made.seq === UNNUMBERED)) {
      await new Promise((done) => setTimeout(done, 5))
    }
  }
}
