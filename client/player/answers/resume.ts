/**
 * Putting together what the server holds and what only this computer holds. Pure.
 *
 * Rules kept here: of the current epoch, local events from the server's `next_seq` on are newer and
 * stand, and so are sent those before for which no signed ack is here; of an earlier epoch (the same
 * computer before a new sign-in) what the server never got is said again under the new epoch, with its
 * own time, unless the server holds the same already or something newer stands, said in this epoch or
 * at another computer in between.
 */
import type { Paper } from '@/shared/contract'
import type { ClientEvent } from '@/shared/sign'
import { applied, folded, isSame, type Answers, type Draft } from './state'

export interface Resumed {
  state: Answers
  /** Numbered events of this epoch that no signed ack covers. */
  unsent: ClientEvent[]
  /** Events of earlier epochs to say again. */
  again: Draft[]
}

export function resumed(
  paper: Paper,
  own: readonly ClientEvent[],
  earlier: readonly ClientEvent[],
  proven_through: number,
): Resumed {
  const held: Answers = { answers: paper.answers, marks: paper.marks, viewed: [] }
  const again = saidAgain(paper, held, earlier, own)
  const first = Math.min(paper.next_seq, proven_through + 1)
  const unsent = own.filter((event) => event.seq >= first)
  const viewed = [...earlier, ...own].filter((event) => event.kind === 'item_viewed')
  const state = folded(again.reduce(applied, folded(held, viewed)), unsent)
  return { state, unsent, again }
}

function saidAgain(
  { settled_ms }: Paper,
  held: Answers,
  earlier: readonly ClientEvent[],
  own: readonly ClientEvent[],
): Draft[] {
  const drafts: Draft[] = []
  const newer = new Set(own.map(about))
  let state = held
  for (const event of lastOfEach(earlier)) {
    const stands_ms = isAnswer(event) ? settled_ms[event.item_id ?? ''] : undefined
    if (newer.has(about(event)) || event.client_ms < (stands_ms ?? 0)) continue
    const after = applied(state, event)
    if (!changes(state, after, event.item_id)) continue
    drafts.push(event as Draft)
    state = after
  }
  return drafts
}

/** The last answer and the last mark of each item, in the order they were made. */
function lastOfEach(events: readonly ClientEvent[]): ClientEvent[] {
  const last = new Map<string, ClientEvent>()
  for (const event of events) {
    const name = about(event)
    if (name === null) continue
    last.delete(name)
    last.set(name, event)
  }
  return [...last.values()].map((event) => ({
    kind: event.kind,
    item_id: event.item_id,
    response: event.response,
    client_ms: event.client_ms,
    seq: event.seq,
  }))
}

/** What of which item the event settles; null when it settles nothing. */
function about({ kind, item_id }: ClientEvent): string | null {
  if (item_id === null || kind === 'item_viewed') return null
  return `${isAnswer({ kind }) ? 'answer' : 'mark'}:${item_id}`
}

function isAnswer({ kind }: Pick<ClientEvent, 'kind'>): boolean {
  return kind.startsWith('answer_')
}

function changes(before: Answers, after: Answers, item: string | null): boolean {
  if (item === null) return false
  return (
    !isSame(before.answers[item], after.answers[item]) ||
    before.marks.includes(item) !== after.marks.includes(item)
  )
}
