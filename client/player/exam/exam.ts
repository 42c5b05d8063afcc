/**
 * The answering of one paper: what the screens call, in the one order that loses nothing.
 *
 * Rules kept here: reducer, then journal, then the save chip, then network; choices are stored at
 * once and text after a short rest, at every move and when the page goes; after sealing nothing is
 * written; the server's deadline counts, shown on the monotonic clock.
 */
import { toRaw } from 'vue'
import type { AnswerResponse, PaperItem } from '@/shared/contract'
import type { Journal } from '../answers/journal'
import { Outbox } from '../answers/outbox'
import { answering, applied, chosen, isSame, type Draft, type EventKind } from '../answers/state'
import type { Resumed } from '../answers/resume'
import type { Sleep } from '../backoff'
import type { ExamTransport, Signer } from '../transport'
import { Hearing } from './hearing'
import { Made } from './made'
import { dueReminder_s } from './timing'
import { submitting } from './submitting'
import { Typing } from './typing'
import { factsOf, type ExamFacts, type ExamView } from './view'

export interface ExamParts {
  view: ExamView
  transport: ExamTransport
  journal: Journal
  signer: Signer
  now: () => number
  reminders_s: readonly number[]
  /** Called with every ack, to keep it. */
  keepAck?: (ack: { epoch: number; acked_through: number }) => void
  /** Called with the number of an event that the server refused for what it is. */
  keepRefused?: (seq: number) => void
  /** Called with the index of every item that is gone to, so that a reload comes back to it. */
  keepSpot?: (index: number) => void
  /** Called when the answers are sealed, so that a reload goes on submitting; null: open again. */
  keepSeal?: (by: 'candidate' | 'time' | null) => void
  wait?: Sleep
}

export class Exam {
  readonly view: ExamView
  readonly facts: ExamFacts
  readonly outbox: Outbox
  readonly #parts: ExamParts
  readonly #hearing: Hearing
  readonly #typing: Typing
  readonly #made: Made
  #left_ms: number | null = null

  constructor(parts: ExamParts) {
    this.#parts = parts
    this.view = parts.view
    this.facts = factsOf(parts.view)
    this.#typing = new Typing(parts.now, (item) => {
      // The browser's store clones what it is given and cannot clone Vue's proxies.
      void this.#write(
        answering(item, toRaw(this.view.state.answers[item.item_id]) ?? null, parts.now()),
      )
    })
    this.#made = new Made(parts.view, () => this.#typing.since_ms)
    this.#hearing = new Hearing(parts.view, parts.transport, parts.now, () => {
      void this.seal('time')
    })
    this.outbox = new Outbox(
      (batch) => parts.transport.sendEvents(batch),
      parts.signer,
      parts.journal,
      {
        acked: (ack) => {
          this.view.saved_at_ms = ack.server_ms
          this.view.doubted = false
          this.view.deadline_ms = ack.deadline_ms
          this.#made.acked(ack.acked_through)
          parts.keepAck?.(ack)
        },
        doubted: () => {
          this.view.doubted = true
        },
        stopped: (stop, refusal, seq) => {
          this.#hearing.stopped(stop, refusal)
          if (seq !== null) parts.keepRefused?.(seq)
        },
        reached: (up, isFull = false) => {
          this.view.reachable = up
          this.view.isServerFull = isFull
        },
      },
      parts.wait,
    )
    parts.transport.listen((message) => {
      this.#hearing.heard(message)
      if (message.type === 'link' && message.up && !message.isAway) this.outbox.hurry()
      if (message.type === 'notice' && message.notice.kind === 'resumed') this.outbox.hurry()
    })
    parts.journal.attach?.({
      stored: (is) => {
        this.view.stored = is
      },
      unsent: () => this.outbox.left,
    })
    this.tick()
  }

  /** Takes over what a resume found, and says again what an earlier sign-in could not. */
  async resume(found: Resumed): Promise<void> {
    this.view.state = found.state
    this.#made.takeOver(found.unsent)
    this.outbox.add(...found.unsent)
    for (const draft of found.again) await this.#write(draft)
    const count = Object.keys(found.state.answers).length
    if (count > 0) this.#message('restored', count)
  }

  /** Says again what an earlier sign-in could not and was found only now; false when it is too late. */
  async sayAgain(drafts: readonly Draft[]): Promise<boolean> {
    for (const draft of drafts) {
      if (this.view.phase !== 'answering') return false
      this.view.state = applied(this.view.state, draft)
      await this.#write(draft)
    }
    return true
  }

  /** Reads the clock; call it a few times a second. */
  tick(): void {
    this.view.now_ms = this.#parts.now()
    const left = this.facts.left_ms.value
    if (left !== null && this.#left_ms !== null && this.view.phase === 'answering') {
      const due = dueReminder_s(this.#parts.reminders_s, this.#left_ms, left)
      if (due !== null) this.#message('time', Math.round(due / 60))
    }
    this.#left_ms = left
    if (this.view.phase === 'answering' && this.facts.isOver.value) void this.seal('time')
  }

  choose(item: PaperItem, option: string): void {
    this.#answer(item, chosen(item.type, this.view.state.answers[item.item_id], option))
  }

  clear(item: PaperItem): void {
    this.#answer(item, null)
  }

  /** Text is shown at once and stored when the typing rests. */
  type(item: PaperItem, text: string): void {
    if (!this.facts.isOpen.value) return
    this.#typing.begin(item)
    // A length limit can cut a character in half; half a character is no text to the server.
    const whole = text.replace(/\p{Surrogate}/gu, '')
    const response = whole.trim() === '' ? null : { text: whole }
    this.view.state = applied(this.view.state, answering(item, response, 0))
    this.#made.count()
  }

  /** Stores text that is still resting. */
  flushText(): void {
    this.#typing.flush()
  }

  toggleMark(item: PaperItem): void {
    const kind = this.view.state.marks.includes(item.item_id) ? 'unmarked' : 'marked'
    this.note(kind, item.item_id)
  }

  go(index: number): void {
    if (index < 0 || index >= this.view.paper.items.length) return
    this.flushText()
    this.view.current = index
    this.#parts.keepSpot?.(index)
    this.see()
  }

  /** Records that the item on the screen was seen, once per item. */
  see(): void {
    const id = this.facts.item.value.item_id
    if (!this.view.state.viewed.includes(id)) this.note('item_viewed', id)
  }

  goUnanswered(): void {
    const { items } = this.view.paper
    const order = [...items.slice(this.view.current + 1), ...items.slice(0, this.view.current)]
    const next = order.find((item) => !(item.item_id in this.view.state.answers))
    if (next !== undefined) this.go(items.indexOf(next))
  }

  raiseHand(): void {
    this.note('help_raised')
    this.view.handRaised = true
    this.outbox.hurry()
  }

  /** Writes an event that answers nothing. */
  note(kind: EventKind, item_id: string | null = null): void {
    const { phase, lock, forced } = this.view
    if (phase !== 'answering' || lock !== null || forced !== null) return
    if (item_id !== null && !this.facts.isOpen.value) return
    const draft: Draft = { kind, item_id, response: null, client_ms: this.#parts.now() }
    this.view.state = applied(this.view.state, draft)
    void this.#write(draft)
  }

  /** Before the page goes. */
  leave(): void {
    this.flushText()
    this.outbox.hurry()
  }

  /** No more changes; sends what is left and submits, for as long as it takes. */
  async seal(by: 'candidate' | 'time'): Promise<void> {
    if (this.view.phase !== 'answering') return
    this.flushText()
    this.view.phase = 'sealed'
    this.view.sealedBy = by
    this.#parts.keepSeal?.(by)
    await submitting({
      ...this.#parts,
      outbox: this.outbox,
      written: () => this.#made.numbered(),
      read: () => this.#hearing.read(),
      reopen: () => {
        this.view.phase = 'answering'
        this.view.sealedBy = null
        this.#parts.keepSeal?.(null)
      },
    })
  }

  #answer(item: PaperItem, response: AnswerResponse | null): void {
    if (!this.facts.isOpen.value) return
    if (isSame(this.view.state.answers[item.item_id], response)) return
    const draft = answering(item, response, this.#parts.now())
    this.view.state = applied(this.view.state, draft)
    void this.#write(draft)
  }

  async #write(draft: Draft): Promise<void> {
    const made = this.#made.begin(draft.client_ms)
    const { event, stored } = await this.#parts.journal.append(draft)
    made.seq = event.seq
    this.view.stored = stored
    this.outbox.add(event)
  }

  #message(kind: string, count: number): void {
    const id = `${kind}-${count}`
    this.view.messages.push({ id, kind, count, text: '', ends_at_ms: null, stays: false })
  }
}
