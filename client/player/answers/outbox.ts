/**
 * Sends the log to the server, in order, until everything is acknowledged.
 *
 * Rules kept here: one batch is on its way at a time, of at most 50 events and 60 kB; a batch is
 * sent again, unchanged in content, until an ack covers it; an ack counts only when its signature is
 * the server's; it is cumulative and never goes back; the server's `ledger.gap` moves the start back,
 * from the journal; a refusal that no repetition can mend stops the sending and is told. Of a batch
 * whose content is refused each event goes alone, until the one that is meant is found.
 */
import { isAway, Refused, Unreachable } from '@/shared/api'
import type { Ack, EventBatch } from '@/shared/contract'
import { eventBytes, type ClientEvent } from '@/shared/sign'
import { Alarm, backoff_ms, type Sleep } from '../backoff'
import type { Signer } from '../transport'
import type { Journal } from './journal'

export const BATCH_EVENTS = 50
export const BATCH_BYTES = 60_000
export const BATCH_WAIT_MS = 250
const HELD_MS = 5000

/** Why the sending has stopped for good, on this device. */
export type Stop = 'fenced' | 'closed' | 'late' | 'signed_out' | 'blocked' | 'refused'

export interface OutboxHooks {
  acked(ack: Ack): void
  /** An ack came that is not the server's word: nothing is saved by it, the batch goes again. */
  doubted(): void
  /** `seq` is the event that was refused for what it is; null when it is not about one. */
  stopped(stop: Stop, refusal: Refused, seq: number | null): void
  /** After every try: whether the server was reached, and whether it can store nothing now. */
  reached(up: boolean, isFull?: boolean): void
}

const STOPS: Record<string, Stop> = {
  'answer.stale_epoch': 'fenced',
  'sitting.closed': 'closed',
  'answer.too_late': 'late',
  'ledger.conflict': 'blocked',
  'answer.item_unknown': 'refused',
}
const PATIENCE = new Set(['sitting.paused', 'answer.too_early'])

export class Outbox {
  #send: (batch: EventBatch) => Promise<Ack>
  #signer: Signer
  #journal: Journal
  #hooks: OutboxHooks
  #waiting: ClientEvent[] = []
  #acked = 0
  #running = false
  /** Of a batch; one while the event that is refused is looked for. */
  #most = BATCH_EVENTS
  #stop: Stop | null = null
  #alarm: Alarm
  #idle: (() => void)[] = []

  constructor(
    send: (batch: EventBatch) => Promise<Ack>,
    signer: Signer,
    journal: Journal,
    hooks: OutboxHooks,
    wait?: Sleep,
  ) {
    this.#send = send
    this.#signer = signer
    this.#journal = journal
    this.#hooks = hooks
    this.#alarm = new Alarm(wait)
  }

  /** Events not yet acknowledged. */
  get waiting(): number {
    return this.#waiting.length
  }

  /** These, by number. */
  get left(): readonly ClientEvent[] {
    return this.#waiting
  }

  /** Under which they are sent. */
  get epoch(): number {
    return this.#signer.epoch
  }

  get stopped(): Stop | null {
    return this.#stop
  }

  /** Queues events that are in the journal; they may come in any order, each once. */
  add(...events: ClientEvent[]): void {
    const known = new Set(this.#waiting.map((event) => event.seq))
    const fresh = events.filter((event) => event.seq > this.#acked && !known.has(event.seq))
    this.#waiting = [...this.#waiting, ...fresh].sort((left, right) => left.seq - right.seq)
    if (!this.#running && this.#waiting.length > 0 && this.#stop === null) void this.#run()
  }

  /** Sends these once more, although they were acknowledged: the server says it lacks them. */
  again(events: readonly ClientEvent[]): void {
    this.#acked = Math.min(this.#acked, (events[0]?.seq ?? Infinity) - 1)
    this.add(...events)
  }

  /** Tries now instead of at the end of the wait: the network may be back. */
  hurry(): void {
    this.#alarm.wake()
  }

  /** Resolves when nothing is waiting or the sending has stopped. */
  drained(): Promise<void> {
    if (!this.#running) return Promise.resolve()
    this.hurry()
    return new Promise((done) => this.#idle.push(done))
  }

  async #run(): Promise<void> {
    this.#running = true
    let failures = 0
    await this.#alarm.wait(BATCH_WAIT_MS)
    while (this.#waiting.length > 0 && this.#stop === null) {
      const wait_ms = await this.#once(failures)
      failures = wait_ms === null ? 0 : failures + 1
      if (wait_ms !== null && this.#isGoing()) await this.#alarm.wait(wait_ms)
    }
    this.#running = false
    for (const done of this.#idle.splice(0)) done()
  }

  // A method, because the compiler cannot know that awaiting changes the field.
  #isGoing(): boolean {
    return this.#stop === null
  }

  /** One try; null when it went well, else the wait before the next, ms. */
  async #once(failures: number): Promise<number | null> {
    const events = this.#batch()
    const first = events[0]
    if (first === undefined) return null
    const epoch = this.#signer.epoch
    try {
      const signature_b64 = await this.#signer.batch(events)
      const ack = await this.#send({ epoch, first_seq: first.seq, events, signature_b64 })
      this.#hooks.reached(true)
      if (!(await this.#signer.proves(ack))) {
        this.#hooks.doubted()
        return backoff_ms(failures)
      }
      if (ack.epoch !== epoch || ack.acked_through < first.seq) return backoff_ms(failures)
      this.#accept(ack)
      return null
    } catch (error) {
      return this.#failed(error, failures, events)
    }
  }

  #accept(ack: Ack): void {
    this.#acked = Math.max(this.#acked, ack.acked_through)
    this.#waiting = this.#waiting.filter((event) => event.seq > this.#acked)
    this.#hooks.acked(ack)
  }

  async #failed(
    error: unknown,
    failures: number,
    events: readonly ClientEvent[],
  ): Promise<number | null> {
    if (!(error instanceof Refused)) {
      this.#hooks.reached(false)
      const asked = error instanceof Unreachable ? error.wait_ms : null
      return Math.max(backoff_ms(failures), asked === null ? 0 : asked * Math.random())
    }
    this.#hooks.reached(true, isAway(error))
    if (error.code === 'ledger.gap') return this.#rewind(error, failures)
    if (PATIENCE.has(error.code)) return HELD_MS
    const stop = stopFor(error)
    if (stop === null) return backoff_ms(failures + 1)
    if (stop === 'refused' && events.length > 1) {
      this.#most = 1
      return null
    }
    this.#stop = stop
    this.#hooks.stopped(stop, error, stop === 'refused' ? (events[0]?.seq ?? null) : null)
    return null
  }

  /** The server expects an earlier number: go on from there, with what the journal has. */
  async #rewind(gap: Refused, failures: number): Promise<number | null> {
    const next = Number(gap.params.next_seq)
    const first = this.#waiting[0]?.seq ?? 0
    // A refusal is not signed: it can ask for more, never say that something is held.
    if (!Number.isSafeInteger(next) || next < 1 || next >= first) return backoff_ms(failures)
    const missing = (await this.#journal.from(next)).filter((event) => event.seq < first)
    if (missing[0]?.seq !== next) {
      this.#stop = 'blocked'
      this.#hooks.stopped('blocked', gap, null)
      return null
    }
    this.#acked = Math.min(this.#acked, next - 1)
    this.#waiting = [...missing, ...this.#waiting]
    return backoff_ms(failures)
  }

  /** The next events without a hole between them. */
  #batch(): ClientEvent[] {
    const batch: ClientEvent[] = []
    let size = 0
    for (const event of this.#waiting) {
      const before = batch[batch.length - 1]
      size += eventBytes(this.#signer.epoch, event).length
      const isFull = batch.length === this.#most || size > BATCH_BYTES
      if (before !== undefined && (isFull || event.seq !== before.seq + 1)) break
      batch.push(event)
    }
    return batch
  }
}

/** Null for a refusal that a repetition may mend. */
function stopFor({ code, kind }: Refused): Stop | null {
  if (kind === 'unauthenticated') return 'signed_out'
  return STOPS[code] ?? (/^(response|request)\./.test(code) ? 'refused' : null)
}
