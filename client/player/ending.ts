/**
 * A sitting that is over, on this computer: what still goes out, what stays, and leaving.
 *
 * Rules kept here: nobody is told to leave while something is on its way; answers that will not go
 * out are counted and said, never wiped.
 */
import type { SittingState } from '@/shared/contract'
import { heldOf, isAnswer, ofSitting, wipe } from './answers/held'
import type { Outbox, Stop } from './answers/outbox'
import { refusedOf } from './answers/proven'
import type { Store } from './answers/store'
import { heldFile, savedAt, takeAway, type HeldEvent } from './held-file'
import { sendLeftovers } from './leftovers'
import { keptDevice, type KeptDevice } from './live/device'
import type { Server } from './live/server'

/** What the server does not have yet of a sitting that is over. */
export interface Waiting {
  /** Records on their way. */
  records: number
  pieces: number
  /** Answers that will not go out by themselves, and why. */
  held: { answers: number; why: Stop | 'unsent' } | null
}

/** What of the visit is needed; read anew each time. */
export interface EndingParts {
  readonly store: Store
  readonly server: Server
  readonly clock: { readonly isSet: boolean; now(): number }
  /** The device of this page, which the store may not have taken. */
  readonly device: KeptDevice | null
  readonly seat: { exam: { outbox: Outbox } } | null
  readonly view: { state: SittingState | null; doubted: boolean }
}

export class Ending {
  #parts: EndingParts
  /** Sends what an earlier page left. */
  #late: Outbox | null = null
  #isReading = false

  constructor(parts: EndingParts) {
    this.#parts = parts
  }

  /** Starts sending what an earlier page of the sitting left here. */
  async readLeftovers(state: SittingState): Promise<void> {
    const { store, server, view } = this.#parts
    this.#isReading = true
    try {
      const device = await keptDevice(store, state.sitting_id)
      this.#late = await sendLeftovers(store, server, state, device, (is) => {
        view.doubted = is
      })
    } finally {
      this.#isReading = false
    }
  }

  /** What the server does not have yet; null while that is being found out. */
  async waiting(): Promise<Waiting | null> {
    if (this.#isReading) return null
    const pieces = await this.#pieces()
    const sender = this.#sender()
    if (sender !== null && sender.stopped === null && sender.left.length > 0) {
      return { records: sender.left.length, pieces, held: null }
    }
    const answers = (await this.#held()).filter(isAnswer)
    if (answers.length === 0) return { records: 0, pieces, held: null }
    const why = sender?.stopped ?? (await this.#whyLeft(answers))
    return { records: 0, pieces, held: { answers: answers.length, why } }
  }

  /** Takes the held answers away as a file; they stay here too. */
  async takeAway(): Promise<void> {
    const { view, store, clock } = this.#parts
    if (view.state === null) return
    const { sitting_id, candidate } = view.state
    const device = (await keptDevice(store, sitting_id)) ?? this.#parts.device
    const whose = { ticket_no: candidate.ticket_no, device }
    takeAway(await heldFile(await this.#held(), whose, savedAt(clock)))
  }

  /** Of the sitting only held answers stay on this computer. */
  async leave(): Promise<void> {
    const { store, view } = this.#parts
    // A store that does not answer keeps nobody on this page.
    if (view.state !== null) await wipe(store, view.state.sitting_id).catch(() => undefined)
    location.replace(location.pathname)
  }

  /** The events that stay here: what is stored, and what only the page has. */
  async #held(): Promise<HeldEvent[]> {
    const { store, view } = this.#parts
    if (view.state === null) return []
    const { sitting_id } = view.state
    const rows = await heldOf(store, sitting_id).catch(() => [])
    const known = new Set(rows.map((row) => `${row.epoch}/${row.seq}`))
    const sender = this.#sender()
    if (sender === null) return rows
    // The state may have been read before the sender's device was taken.
    const { epoch } = sender
    const own = sender.left.filter((event) => !known.has(`${epoch}/${event.seq}`))
    return [...rows, ...own.map((event) => ({ ...event, epoch }))]
  }

  /** Why an earlier sign-in's answers are here although this one's went out. */
  async #whyLeft(answers: readonly HeldEvent[]): Promise<'refused' | 'unsent'> {
    const { store, view } = this.#parts
    const isRefused = await refusedOf(store, view.state?.sitting_id ?? '').catch(() => () => false)
    return answers.every(isRefused) ? 'refused' : 'unsent'
  }

  /** Recordings of this sitting that wait; another's, left here, are not this candidate's matter. */
  async #pieces(): Promise<number> {
    const { store, view } = this.#parts
    if (view.state === null) return 0
    return store.count('pieces', ofSitting(view.state.sitting_id)).catch(() => 0)
  }

  /** Whoever sends the sitting's records: of an earlier page, or of this one. */
  #sender(): Outbox | null {
    return this.#late ?? this.#parts.seat?.exam.outbox ?? null
  }
}
