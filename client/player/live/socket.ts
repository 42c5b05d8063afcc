/**
 * The live line: one WebSocket, kept open.
 *
 * Rules kept here: a ping every five seconds, dead after three without an answer; a new try after a
 * full-jitter wait; the browser's `online` event only brings the next try forward.
 */
import { Refused } from '@/shared/api'
import type { FromServer, ToServer } from '@/shared/contract'
import { Alarm, backoff_ms, sleep } from '../backoff'
import type { ServerClock } from '../clock'

const PING_MS = 5000
const MISSED = 3
const STABLE_MS = 60_000
/** Close codes after which there is nothing to come back to. */
const ENDS: Record<number, 'device' | 'signed_out'> = { 4401: 'signed_out', 4409: 'device' }

export interface LineHooks {
  up(up: boolean): void
  ended(why: 'device' | 'signed_out'): void
  heard(message: FromServer): void
}

export class Line {
  #url: string
  #token: () => string | null
  #clock: ServerClock
  #hooks: LineHooks
  #socket: WebSocket | null = null
  #open = false
  #closed = false
  #unanswered = 0
  #alarm = new Alarm(sleep)

  constructor(url: string, token: () => string | null, clock: ServerClock, hooks: LineHooks) {
    this.#url = url
    this.#token = token
    this.#clock = clock
    this.#hooks = hooks
  }

  get isUp(): boolean {
    return this.#open
  }

  /** Keeps the line until `close`. */
  async keep(): Promise<void> {
    let failures = 0
    while (!this.#isClosed()) {
      const held_ms = await this.#session()
      if (this.#isClosed()) return
      failures = held_ms > STABLE_MS ? 0 : failures + 1
      await this.#alarm.wait(backoff_ms(failures))
    }
  }

  hurry(): void {
    this.#alarm.wake()
  }

  close(): void {
    this.#closed = true
    this.#socket?.close()
    this.#alarm.wake()
  }

  /** Sends when the line is open; false when it is not. */
  say(message: ToServer): boolean {
    if (!this.#open || this.#socket === null) return false
    this.#socket.send(JSON.stringify(message))
    return true
  }

  #isClosed(): boolean {
    return this.#closed
  }

  /** One connection from open to close; returns how long it was open, ms. */
  async #session(): Promise<number> {
    const token = this.#token()
    if (token === null) return 0
    const socket = new WebSocket(this.#url)
    this.#socket = socket
    const opened: { at?: number } = {}
    const pulse = setInterval(() => {
      this.#beat(socket)
    }, PING_MS)
    await new Promise<void>((ended) => {
      socket.onopen = () => {
        opened.at = this.#clock.mono()
        this.#unanswered = 0
        socket.send(JSON.stringify({ type: 'hello', token } satisfies ToServer))
        this.#beat(socket)
      }
      socket.onmessage = (event) => {
        this.#heard(event.data)
      }
      socket.onclose = ({ code }) => {
        this.#closing(ENDS[code])
        ended()
      }
    })
    clearInterval(pulse)
    this.#turn(false)
    return opened.at === undefined ? 0 : this.#clock.mono() - opened.at
  }

  #beat(socket: WebSocket): void {
    if (socket.readyState !== WebSocket.OPEN) {
      if (++this.#unanswered > MISSED) socket.close()
      return
    }
    if (this.#unanswered >= MISSED) {
      // A dead peer never answers the closing handshake, so the line counts as down at once.
      this.#turn(false)
      socket.close()
      return
    }
    this.#unanswered += 1
    socket.send(JSON.stringify({ type: 'ping', t0: this.#clock.mono() } satisfies ToServer))
  }

  #heard(data: unknown): void {
    if (typeof data !== 'string') return
    const message = JSON.parse(data) as FromServer
    this.#unanswered = 0
    if (message.type === 'pong') this.#clock.sample(message.t0, message.server_ms)
    // Open for us is a line on which the server has accepted our hello.
    if (message.type === 'state') this.#turn(true)
    this.#hooks.heard(message)
  }

  #closing(why: 'device' | 'signed_out' | undefined): void {
    if (why === undefined) return
    this.#closed = true
    this.#hooks.ended(why)
  }

  #turn(up: boolean): void {
    if (this.#open === up) return
    this.#open = up
    this.#hooks.up(up)
  }
}

/** The refusal that a `refused` message carries. */
export function refusedOf(message: FromServer & { type: 'refused' }): Refused {
  return new Refused(message)
}
