/** What the outside tells a running exam, and what it changes in the view. */
import type { Refused } from '@/shared/api'
import type { Notice, SittingState } from '@/shared/contract'
import type { Stop } from '../answers/outbox'
import type { ExamTransport, LiveMessage } from '../transport'
import type { ExamView } from './view'

const SHOWN_AS_MESSAGE = new Set(['warning', 'extended'])

export class Hearing {
  #view: ExamView
  #transport: ExamTransport
  #now: () => number
  #closed: () => void
  #known = new Set<string>()
  #primed = false

  /** `closed` is called when the server has handed in while this page still had the exam open. */
  constructor(view: ExamView, transport: ExamTransport, now: () => number, closed: () => void) {
    this.#view = view
    this.#transport = transport
    this.#now = now
    this.#closed = closed
  }

  heard(message: LiveMessage): void {
    switch (message.type) {
      case 'link':
        this.#view.reachable = message.up
        break
      case 'closed':
        this.#view.lock ??= message.why
        break
      case 'state':
        this.#state(message.state)
        break
      case 'notice':
        this.#notice(message.notice)
        // The notice says that something moved; the state says where everything stands.
        void this.#read()
    }
  }

  stopped(stop: Stop, refusal: Refused): void {
    this.#view.lockCode = refusal.code
    if (stop === 'fenced') this.#view.lock = 'device'
    else if (stop === 'signed_out') this.#view.lock ??= stop
    else if (stop === 'blocked' || stop === 'refused') this.#view.lock ??= 'blocked'
    else void this.#read()
  }

  /** Reads where the sitting stands; null where nobody keeps that. Rejects as the transport does. */
  async read(): Promise<SittingState | null> {
    const state = await this.#transport.state()
    if (state !== null) this.#state(state)
    return state
  }

  #read(): Promise<unknown> {
    return this.read().catch(() => undefined)
  }

  #state(state: SittingState): void {
    const view = this.#view
    view.deadline_ms = state.deadline_ms
    view.earliest_submit_ms = state.earliest_submit_ms
    // Deadline and moment come from one reading, so their distance is the time left.
    view.paused_at_ms = state.stage === 'paused' ? state.server_ms : null
    if (state.epoch > view.paper.epoch) view.lock = 'device'
    // At entry, old notices are only remembered; they were shown before the reload.
    for (const notice of state.notices) {
      if (this.#primed) this.#notice(notice)
      else this.#known.add(notice.id)
    }
    this.#primed = true
    if (state.receipt === null) return
    if (state.receipt.kind === 'forced') {
      view.receipt = state.receipt
      const said = state.notices.findLast((notice) => notice.kind === 'forced')
      view.forced ??= { at_ms: state.receipt.submitted_at_ms, text: said?.text ?? '' }
    } else if (view.phase !== 'answering') return
    else if (view.lock !== 'blocked') this.#closed()
    else {
      // Nothing more goes out from here: the last page says what stays.
      view.receipt = state.receipt
      view.phase = 'submitted'
    }
  }

  #notice(notice: Notice): void {
    if (this.#known.has(notice.id)) return
    this.#known.add(notice.id)
    const view = this.#view
    const { id, kind, text, params } = notice
    if (kind === 'paused') view.paused_at_ms ??= this.#now()
    if (kind === 'resumed') view.paused_at_ms = null
    if (kind === 'transferred') view.lock = 'device'
    if (kind === 'forced') view.forced ??= { at_ms: notice.at_ms, text }
    view.deadline_ms = params.deadline_ms ?? view.deadline_ms
    if (!SHOWN_AS_MESSAGE.has(kind)) return
    const count = Math.round((params.extend_s ?? 0) / 60)
    view.messages.push({
      id,
      kind,
      text,
      count,
      ends_at_ms: params.deadline_ms ?? null,
      stays: true,
    })
  }
}
