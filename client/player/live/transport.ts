/**
 * The live transport: the same envelope over the line while it is up, over HTTP while it is not.
 *
 * Rules kept here: an answer that does not come over the line within five seconds is asked for over
 * HTTP with the same content; while the line is down, the state is polled.
 */
import { isAway, type Refused } from '@/shared/api'
import type {
  Ack,
  EventBatch,
  FromServer,
  Paper,
  Receipt,
  SittingState,
  Submission,
} from '@/shared/contract'
import type { ServerClock } from '../clock'
import type { ExamTransport, LiveMessage } from '../transport'
import type { Server } from './server'
import { Line, refusedOf } from './socket'

const ANSWER_MS = 5000
const POLL_MS = 5000

interface Expected {
  epoch: number
  last_seq: number
  resolve(ack: Ack): void
  reject(error: Refused): void
  /** No answer will come over the line. */
  giveUp(): void
}

export class LiveTransport implements ExamTransport {
  readonly #server: Server
  readonly #line: Line
  readonly #listeners = new Set<(message: LiveMessage) => void>()
  #expected: Expected | null = null
  #poll: ReturnType<typeof setInterval> | null = null

  constructor(server: Server, clock: ServerClock, url: string = liveUrl()) {
    this.#server = server
    this.#line = new Line(url, () => server.token, clock, {
      up: (up) => {
        if (!up) this.#expected?.giveUp()
        this.#tell({ type: 'link', up })
      },
      ended: (why) => {
        this.#tell({ type: 'closed', why })
      },
      heard: (message) => {
        this.#heard(message)
      },
    })
  }

  /** Opens the line and keeps it, until `close`. */
  open(): void {
    void this.#line.keep()
    this.#poll ??= setInterval(() => {
      if (!this.#line.isUp) void this.#readState()
    }, POLL_MS)
    window.addEventListener('online', this.#hurry)
  }

  close(): void {
    window.removeEventListener('online', this.#hurry)
    if (this.#poll !== null) clearInterval(this.#poll)
    this.#poll = null
    this.#line.close()
  }

  listen(heard: (message: LiveMessage) => void): () => void {
    this.#listeners.add(heard)
    return () => this.#listeners.delete(heard)
  }

  state(): Promise<SittingState> {
    return this.#server.state()
  }

  paper(): Promise<Paper> {
    return this.#server.paper()
  }

  portrait(): Promise<Blob | null> {
    return this.#server.portrait().catch(() => null)
  }

  submit(submission: Submission): Promise<Receipt> {
    return this.#server.submit(submission)
  }

  /** Calls the invigilator where there is no log to write it in; false when the line is down. */
  help(): boolean {
    return this.#line.say({ type: 'help' })
  }

  async sendEvents(batch: EventBatch): Promise<Ack> {
    const last_seq = batch.first_seq + batch.events.length - 1
    const answer = this.#answerTo(batch.epoch, last_seq)
    if (!this.#line.say({ type: 'events', ...batch })) this.#expected?.giveUp()
    return (await answer) ?? this.#server.events(batch)
  }

  /** The answer over the line; null when none came in time. */
  async #answerTo(epoch: number, last_seq: number): Promise<Ack | null> {
    let timer: ReturnType<typeof setTimeout> | undefined
    try {
      return await new Promise<Ack | null>((resolve, reject) => {
        const giveUp = (): void => {
          resolve(null)
        }
        timer = setTimeout(giveUp, ANSWER_MS)
        this.#expected = { epoch, last_seq, resolve, reject, giveUp }
      })
    } finally {
      clearTimeout(timer)
      this.#expected = null
    }
  }

  readonly #hurry = (): void => {
    this.#line.hurry()
  }

  async #readState(): Promise<void> {
    try {
      this.#tell({ type: 'state', state: await this.#server.state() })
      this.#tell({ type: 'link', up: true })
    } catch (error) {
      if (isAway(error)) this.#tell({ type: 'link', up: true, isAway: true })
      else this.#tell({ type: 'link', up: false })
    }
  }

  #heard(message: FromServer): void {
    const expected = this.#expected
    if (message.type === 'state') this.#tell({ type: 'state', state: message })
    else if (message.type === 'notice') this.#tell({ type: 'notice', notice: message })
    else if (expected === null) return
    else if (message.type === 'ack') {
      if (message.epoch !== expected.epoch || message.acked_through < expected.last_seq) return
      expected.resolve(message)
    } else if (message.type === 'refused') {
      expected.reject(refusedOf(message))
    }
  }

  #tell(message: LiveMessage): void {
    for (const heard of this.#listeners) heard(message)
  }
}

function liveUrl(): string {
  return `${location.origin.replace(/^http/, 'ws')}/api/sitting/live`
}
