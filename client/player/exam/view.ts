/** What the answering screens show, as one reactive object; only `exam.ts` and its parts write it. */
import { computed, markRaw, reactive, type ComputedRef } from 'vue'
import type { Paper, PaperItem, Receipt } from '@/shared/contract'
import { NOTHING, type Answers } from '../answers/state'
import { saveState, type SaveState } from '../answers/save'
import { isOver, left_ms } from './timing'

/** Why the page is locked for answering although the exam goes on. */
export type Lock = 'device' | 'signed_out' | 'blocked'
export type Phase = 'answering' | 'sealed' | 'submitted'

/** A message that is shown until the candidate has read it, or for a while. */
export interface Message {
  id: string
  kind: string
  text: string
  /** How many: minutes, or answers for `restored`. */
  count: number
  ends_at_ms: number | null
  /** Stays until it is closed. */
  stays: boolean
}

export interface ExamView {
  paper: Paper
  state: Answers
  /** Index of the item on the screen. */
  current: number
  phase: Phase
  /** Why it was sealed. */
  sealedBy: 'candidate' | 'time' | null
  now_ms: number
  deadline_ms: number | null
  paused_at_ms: number | null
  earliest_submit_ms: number
  reachable: boolean
  isServerFull: boolean
  stored: boolean
  /** The last ack was not the server's word. */
  doubted: boolean
  waiting: number
  oldest_ms: number | null
  saved_at_ms: number | null
  lock: Lock | null
  lockCode: string
  forced: { at_ms: number; text: string } | null
  messages: Message[]
  handRaised: boolean
  receipt: Receipt | null
}

export interface Counts {
  answered: number
  unanswered: number
  marked: number
}

export interface ExamFacts {
  item: ComputedRef<PaperItem>
  counts: ComputedRef<Counts>
  left_ms: ComputedRef<number | null>
  isOver: ComputedRef<boolean>
  save: ComputedRef<SaveState>
  /** Whether answers may be changed now. */
  isOpen: ComputedRef<boolean>
  unanswered: ComputedRef<number[]>
}

export function makeView(paper: Paper): ExamView {
  return reactive<ExamView>({
    paper: markRaw(paper),
    state: NOTHING,
    current: 0,
    phase: 'answering',
    sealedBy: null,
    now_ms: 0,
    deadline_ms: null,
    paused_at_ms: null,
    earliest_submit_ms: 0,
    reachable: true,
    isServerFull: false,
    stored: true,
    doubted: false,
    waiting: 0,
    oldest_ms: null,
    saved_at_ms: null,
    lock: null,
    lockCode: '',
    forced: null,
    messages: [],
    handRaised: false,
    receipt: null,
  })
}

export function factsOf(view: ExamView): ExamFacts {
  const item = computed(() => {
    const found = view.paper.items[view.current]
    if (found === undefined) throw new RangeError('no such item')
    return found
  })
  const unanswered = computed(() =>
    view.paper.items.filter((one) => !(one.item_id in view.state.answers)).map((one) => one.number),
  )
  const counts = computed(() => ({
    answered: view.paper.items.length - unanswered.value.length,
    unanswered: unanswered.value.length,
    marked: view.state.marks.length,
  }))
  return {
    item,
    counts,
    unanswered,
    left_ms: computed(() => left_ms(view)),
    isOver: computed(() => isOver(view)),
    save: computed(() => saveState(view)),
    isOpen: computed(
      () =>
        view.phase === 'answering' &&
        view.lock === null &&
        view.forced === null &&
        view.paused_at_ms === null &&
        !isOver(view),
    ),
  }
}
