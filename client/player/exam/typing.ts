/**
 * Text between the key and the journal: stored when the typing rests, and every few seconds while it
 * does not, so that nobody loses more than that to a computer that dies.
 */
import type { PaperItem } from '@/shared/contract'

const REST_MS = 600
const LONGEST_MS = 3000

export class Typing {
  #now: () => number
  #store: (item: PaperItem) => void
  #text: { item: PaperItem; since_ms: number } | null = null
  #rest: ReturnType<typeof setTimeout> | undefined
  #longest: ReturnType<typeof setTimeout> | undefined

  /** `store` is called with the item whose text is to be stored. */
  constructor(now: () => number, store: (item: PaperItem) => void) {
    this.#now = now
    this.#store = store
  }

  /** When the oldest text that is not stored was typed; null when all is. */
  get since_ms(): number | null {
    return this.#text?.since_ms ?? null
  }

  /** Text of `item` is about to change: another item's is stored first. */
  begin(item: PaperItem): void {
    if (this.#text !== null && this.#text.item !== item) this.flush()
    const store = (): void => {
      this.flush()
    }
    clearTimeout(this.#rest)
    this.#rest = setTimeout(store, REST_MS)
    if (this.#text !== null) return
    this.#longest = setTimeout(store, LONGEST_MS)
    this.#text = { item, since_ms: this.#now() }
  }

  /** Stores text that is still resting. */
  flush(): void {
    clearTimeout(this.#rest)
    clearTimeout(this.#longest)
    if (this.#text === null) return
    const { item } = this.#text
    this.#text = null
    this.#store(item)
  }
}
