/** One act at a time on a page, told in the part of the page where it was done. */
import { ref, type Ref } from 'vue'
import { post } from '../call'
import { useAct, type Act } from '../load'

export type Part = 'holds' | 'order'

export interface Deciding {
  act: Act
  /** Where the last act was done. */
  part: Ref<Part>
  send: (
    part: Part,
    path: string,
    body: object | undefined,
    words: () => string,
  ) => Promise<boolean>
  take: (part: Part, doing: () => Promise<unknown>, words: () => string) => Promise<boolean>
}

/** After every act the page is read anew, refused or not: a refusal says that it has changed. */
export function useDeciding(reload: () => Promise<void>): Deciding {
  const act = useAct()
  const part = ref<Part>('order')

  async function send(
    at: Part,
    path: string,
    body: object | undefined,
    words: () => string,
  ): Promise<boolean> {
    const done = await take(at, () => post(path, body), words)
    await reload()
    return done
  }

  function take(at: Part, doing: () => Promise<unknown>, words: () => string): Promise<boolean> {
    if (!act.busy) part.value = at
    return act.run(doing, words)
  }

  return { act, part, send, take }
}
