/** A server in memory for the exam's tests: it can be cut off, and its clock is the test's. */
import { vi } from 'vitest'
import { Refused, Unreachable } from '@/shared/api'
import type {
  Ack,
  EventBatch,
  Notice,
  Paper,
  PaperItem,
  Receipt,
  SittingState,
  Submission,
} from '@/shared/contract'
import type { ClientEvent } from '@/shared/sign'
import { MemoryJournal } from '../answers/journal'
import type { ExamTransport, LiveMessage, Signer } from '../transport'
import { Exam, type ExamParts } from './exam'
import { makeView } from './view'

const OPTIONS = ['a', 'b', 'c'].map((id) => ({ id, letter: id.toUpperCase(), text: id }))
export const ITEMS: PaperItem[] = (['single', 'multiple', 'short'] as const).map((type, at) => ({
  number: at + 1,
  item_id: `i${at + 1}`,
  type,
  stem: type,
  options: type === 'short' ? [] : OPTIONS,
  score: '1',
}))
export const PAPER: Paper = {
  form_code: 'A',
  form_hash: '',
  title: 'Paper',
  items: ITEMS,
  sections: [],
  answers: {},
  settled_ms: {},
  marks: [],
  epoch: 1,
  next_seq: 1,
}
export const RECEIPT: Receipt = {
  kind: 'self',
  receipt_code: 'K7QM2F9DXW3R',
  submitted_at_ms: 1,
  answered: 1,
  item_count: 3,
  head_hex: '',
  frame_b64: '',
  signature_b64: '',
}
/** What stands under an ack that is not the server's. */
export const FORGED = 'forged'
export const signer: Signer = {
  epoch: 1,
  batch: () => Promise.resolve(''),
  proves: (ack) => Promise.resolve(ack.signature_b64 !== FORGED),
  submission: (lastSeq) => Promise.resolve({ state_hash_hex: `${lastSeq}`, signature_b64: '' }),
}

export class World implements ExamTransport {
  now_ms = 0
  isDown = false
  isForged = false
  isFull = false
  events: ClientEvent[] = []
  submissions: Submission[] = []
  refuseSubmit: Refused[] = []
  stage: SittingState['stage'] = 'answering'
  receipt: Receipt | null = null
  notices: Notice[] = []
  deadline_ms = 600_000
  #heard: ((message: LiveMessage) => void)[] = []

  #reach(): void {
    if (this.isDown) throw new Unreachable('down')
  }

  async sendEvents(batch: EventBatch): Promise<Ack> {
    await Promise.resolve()
    this.#reach()
    if (this.isFull) throw new Refused({ code: 'ledger.not_stored', kind: 'unavailable' }, 503)
    this.events.push(...batch.events.filter((event) => event.seq > this.events.length))
    return {
      origin: '',
      stream_id: '',
      epoch: batch.epoch,
      acked_through: this.events.length,
      head_hex: '',
      server_ms: this.now_ms,
      frame_b64: '',
      signature_b64: this.isForged ? FORGED : '',
      deadline_ms: this.deadline_ms,
    }
  }

  async submit(submission: Submission): Promise<Receipt> {
    await Promise.resolve()
    this.#reach()
    const refusal = this.refuseSubmit.shift()
    if (refusal !== undefined) throw refusal
    this.submissions.push(submission)
    this.receipt = RECEIPT
    return RECEIPT
  }

  async state(): Promise<SittingState> {
    await Promise.resolve()
    this.#reach()
    return {
      stage: this.stage,
      server_ms: this.now_ms,
      deadline_ms: this.deadline_ms,
      earliest_submit_ms: 0,
      epoch: 1,
      acked_through: this.events.length,
      receipt: this.receipt,
      notices: this.notices,
    } as unknown as SittingState
  }

  paper(): Promise<Paper> {
    return Promise.resolve(PAPER)
  }

  portrait(): Promise<null> {
    return Promise.resolve(null)
  }

  listen(heard: (message: LiveMessage) => void): () => void {
    this.#heard.push(heard)
    return () => undefined
  }

  /** An exam at this server, without reminders. */
  begin(more: Partial<ExamParts> = {}): Exam {
    const view = makeView(PAPER)
    view.deadline_ms = this.deadline_ms
    const now = (): number => this.now_ms
    const journal = new MemoryJournal()
    return new Exam({ view, transport: this, journal, signer, now, reminders_s: [], ...more })
  }

  /** Lets time pass, for the server, the timers and the exam. */
  async pass(exam: Exam, ms: number): Promise<void> {
    this.now_ms += ms
    await vi.advanceTimersByTimeAsync(ms)
    exam.tick()
    await vi.advanceTimersByTimeAsync(0)
  }

  tell(message: LiveMessage): void {
    for (const heard of this.#heard) heard(message)
  }
}
