/** The player's transport in practice: everything in memory, the result at once. */
import type { ExamTransport, Signer } from '@/player/transport'
import type { Ack, Paper, Receipt } from '@/shared/contract'
import type { Answers, Outcome } from './public-api'

export interface PracticeParts {
  paper: Paper
  now: () => number
  deadline_ms: number
  answers: () => Answers
  check: (answers: Answers) => Promise<Outcome>
  /** Gets the result before the player shows that it was submitted. */
  done: (outcome: Outcome) => void
}

/** Signs and checks nothing: there is no log that could be disputed, and no server. */
export const NO_SIGNER: Signer = {
  epoch: 1,
  batch: () => Promise.resolve(''),
  proves: () => Promise.resolve(true),
  submission: () => Promise.resolve({ state_hash_hex: '', signature_b64: '' }),
}

export class PracticeTransport implements ExamTransport {
  readonly #parts: PracticeParts

  constructor(parts: PracticeParts) {
    this.#parts = parts
  }

  paper(): Promise<Paper> {
    return Promise.resolve(this.#parts.paper)
  }

  portrait(): Promise<null> {
    return Promise.resolve(null)
  }

  /** There is no sitting whose state could be read. */
  state(): Promise<null> {
    return Promise.resolve(null)
  }

  sendEvents(batch: { epoch: number; first_seq: number; events: unknown[] }): Promise<Ack> {
    return Promise.resolve({
      origin: '',
      stream_id: '',
      epoch: batch.epoch,
      acked_through: batch.first_seq + batch.events.length - 1,
      head_hex: '',
      server_ms: this.#parts.now(),
      frame_b64: '',
      signature_b64: '',
      deadline_ms: this.#parts.deadline_ms,
    })
  }

  async submit(): Promise<Receipt> {
    const answers = this.#parts.answers()
    this.#parts.done(await this.#parts.check(answers))
    return {
      kind: 'self',
      receipt_code: '',
      submitted_at_ms: this.#parts.now(),
      answered: Object.keys(answers).length,
      item_count: this.#parts.paper.items.length,
      head_hex: '',
      frame_b64: '',
      signature_b64: '',
    }
  }

  listen(): () => void {
    return () => undefined
  }
}
