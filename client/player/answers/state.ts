/**
 * The state of a sitting as a fold over its events. Pure.
 *
 * Rules kept here: an answer event carries the whole state of its item, so any suffix of the log
 * restores; a blank answer is the absence of an answer; events that answer nothing change nothing.
 */
import type { AnswerResponse, ItemKind, PaperItem } from '@/shared/contract'
import type { ClientEvent } from '@/shared/sign'

export type EventKind =
  | 'answer_set'
  | 'answer_cleared'
  | 'marked'
  | 'unmarked'
  | 'item_viewed'
  | 'focus_lost'
  | 'focus_back'
  | 'fullscreen_left'
  | 'help_raised'
  | 'camera_lost'
  | 'camera_back'
  | 'recording_gap'

/** An event before it has a number. */
export interface Draft {
  kind: EventKind
  item_id: string | null
  response: AnswerResponse | null
  client_ms: number
}

export interface Answers {
  readonly answers: Readonly<Record<string, AnswerResponse>>
  readonly marks: readonly string[]
  readonly viewed: readonly string[]
}

export const NOTHING: Answers = { answers: {}, marks: [], viewed: [] }

/** The state after one event. */
export function applied(
  state: Answers,
  event: Pick<ClientEvent, 'kind' | 'item_id' | 'response'>,
): Answers {
  const item = event.item_id
  if (item === null) return state
  switch (event.kind) {
    case 'answer_set':
      return { ...state, answers: { ...state.answers, [item]: event.response as AnswerResponse } }
    case 'answer_cleared': {
      const rest = Object.entries(state.answers).filter(([id]) => id !== item)
      return { ...state, answers: Object.fromEntries(rest) }
    }
    case 'marked':
      return { ...state, marks: withId(state.marks, item) }
    case 'unmarked':
      return { ...state, marks: state.marks.filter((id) => id !== item) }
    case 'item_viewed':
      return { ...state, viewed: withId(state.viewed, item) }
    default:
      return state
  }
}

/** The state after many. */
export function folded(start: Answers, events: readonly ClientEvent[]): Answers {
  return events.reduce(applied, start)
}

/** The response after `option` was chosen or, where several may stand, toggled; null is blank. */
export function chosen(
  kind: ItemKind,
  before: AnswerResponse | undefined,
  option: string,
): AnswerResponse | null {
  if (kind !== 'multiple') return { options: [option] }
  const held = before?.options ?? []
  const now = held.includes(option) ? held.filter((id) => id !== option) : [...held, option]
  return now.length > 0 ? { options: now.sort() } : null
}

/** The event that makes `response` the answer of the item. */
export function answering(
  item: PaperItem,
  response: AnswerResponse | null,
  client_ms: number,
): Draft {
  const kind = response === null ? 'answer_cleared' : 'answer_set'
  return { kind, item_id: item.item_id, response, client_ms }
}

/** Whether two responses mean the same; the order of options does not count. */
export function isSame(
  left: AnswerResponse | null | undefined,
  right: AnswerResponse | null | undefined,
): boolean {
  const flat = (one: AnswerResponse | null | undefined): string =>
    one ? JSON.stringify([[...(one.options ?? [])].sort(), one.text ?? '']) : ''
  return flat(left) === flat(right)
}

function withId(list: readonly string[], id: string): readonly string[] {
  return list.includes(id) ? list : [...list, id]
}
