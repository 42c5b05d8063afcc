/** What the outside tells a running exam, and what it changes in the view. */
import type { Refused } from '@/shared/api'
import type { SittingState } from '@/shared/contract'
import type { Stop } from '../answers/outbox'
import type { ExamTransport, LiveMessage, LiveNotice } from '../transport'
import type { ExamView, Message } from './view'

const SHOWN_AS_MESSAGE = new Set(['warning', 'extended'])

export class Hearing {
  #view: ExamView
  #transport: ExamTransport
  #now: () => number
  #known = new Set<string>()
  #primed = false

  constructor(view: ExamView, transport: ExamTransport, now: () => number) {
    this.#view = view
    this.#transport = transport
    this.#now = now
  }

  heard(message: LiveMessage): void {
    if (message.type === 'link') {
      this.#view.reachable = message.up
    } else if (message.type === 'state') {
      this.#state(message.state)
    } else {
      this.#notice(message.notice)
      // The notice says that something moved; the state says where everything stands.
      this.#transport.state().then(
        (state) => {
          this.#state(state)
        },
        () => undefined,
      )
    }
  }

  stopped(stop: Stop, refusal: Refused): void {
    this.#view.lockCode = refusal.code
    if (stop === 'fenced') this.#view.lock = 'device'
    else if (stop === 'signed_out') this.#view.lock = 'signed_out'
    else if (stop === 'blocked') this.#view.lock = 'blocked'
    else {
      this.#transport.state().then(
        (state) => {
          this.#state(state)
        },
        () => undefined,
      )
    }
  }

  #state(state: SittingState): void {
    const view = this.#view
    if (state.deadline_ms !== null) view.deadline_ms = state.deadline_ms
    view.earliest_submit_ms = state.earliest_submit_ms
    if (state.stage === 'paused') view.paused_at_ms ??= state.server_ms
    else view.paused_at_ms = null
    if (state.epoch > view.paper.epoch) view.lock = 'device'
    // At entry, old notices are only remembered; they were shown before the reload.
    for (const { id, kind, text } of state.notices) {
      if (!this.#primed) this.#known.add(id)
      else this.#notice({ id, kind, text, extend_s: 0, deadline_ms: state.deadline_ms })
    }
    this.#primed = true
    if (state.stage === 'ended' && view.receipt === null) {
      view.forced ??= { at_ms: state.server_ms, text: this.#forcedText(state) }
    }
    if (state.receipt !== null && view.receipt === null) {
      view.receipt = state.receipt
      view.phase = 'submitted'
    }
  }

  #notice(notice: LiveNotice): void {
    if (notice.id !== '' && this.#known.has(notice.id)) return
    this.#known.add(notice.id)
    const view = this.#view
    if (notice.kind === 'paused') view.paused_at_ms ??= this.#now()
    if (notice.kind === 'resumed') view.paused_at_ms = null
    if (notice.kind === 'transferred') view.lock = 'device'
    if (notice.kind === 'forced') view.forced = { at_ms: this.#now(), text: notice.text }
    if (notice.kind === 'handled') view.handRaised = false
    if (notice.deadline_ms !== null && notice.kind === 'extended') {
      view.deadline_ms = notice.deadline_ms
    }
    if (SHOWN_AS_MESSAGE.has(notice.kind)) view.messages.push(this.#message(notice))
  }

  #message(notice: LiveNotice): Message {
    return {
      id: notice.id || `${notice.kind}-${this.#now()}`,
      kind: notice.kind,
      text: notice.text,
      count: Math.round(notice.extend_s / 60),
      ends_at_ms: notice.deadline_ms,
      stays: true,
    }
  }

  #forcedText(state: SittingState): string {
    return state.notices.findLast((notice) => notice.kind === 'forced')?.text ?? ''
  }
}
