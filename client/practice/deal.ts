/**
 * A released paper as the player shows it. Pure; `chance` gives numbers in [0, 1).
 *
 * Rules kept here: items of one type stand together; items and options are shuffled as in the exam;
 * the two options of a judgement keep their order.
 */
import type { ItemKind, Paper, PaperItem, Section } from '@/shared/contract'
import type { ReleasedItem, ReleasedPaper } from './public-api'

const ORDER: ItemKind[] = ['single', 'multiple', 'judge', 'short']
const LETTERS = 'ABCDEFGH'

export interface Wording {
  type: (kind: ItemKind) => string
  judge: (id: string) => string
}

export function dealt(paper: ReleasedPaper, wording: Wording, chance: () => number): Paper {
  const groups = ORDER.map((kind) =>
    shuffled(
      paper.items.filter((item) => item.type === kind),
      chance,
    ),
  )
  const items = groups.flat().map((item, at) => shown(item, at + 1, wording, chance))
  return {
    form_code: '',
    form_hash: '',
    title: paper.title,
    items,
    sections: sectionsOf(items, wording),
    answers: {},
    settled_ms: {},
    marks: [],
    epoch: 1,
    next_seq: 1,
  }
}

function shown(
  item: ReleasedItem,
  number: number,
  wording: Wording,
  chance: () => number,
): PaperItem {
  const { item_id, type, stem, score } = item
  const plain =
    type === 'judge'
      ? ['true', 'false'].map((id) => ({ id, text: wording.judge(id) }))
      : shuffled(item.options, chance)
  const options = plain.map((option, at) => ({ ...option, letter: LETTERS.charAt(at) }))
  return { number, item_id, type, stem, score, options }
}

function sectionsOf(items: readonly PaperItem[], wording: Wording): Section[] {
  const sections: Section[] = []
  for (const { type, number } of items) {
    const last = sections[sections.length - 1]
    if (last?.type === type) last.to = number
    else sections.push({ type, title: wording.type(type), from: number, to: number })
  }
  return sections
}

/** Fisher and Yates. */
export function shuffled<Value>(values: readonly Value[], chance: () => number): Value[] {
  const result = [...values]
  for (let at = result.length - 1; at > 0; at -= 1) {
    const other = Math.floor(chance() * (at + 1))
    const [one, two] = [result[at] as Value, result[other] as Value]
    result[at] = two
    result[other] = one
  }
  return result
}
