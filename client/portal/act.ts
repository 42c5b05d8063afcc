/** One act at a time, with what became of it. */
import { shallowReactive } from 'vue'
import { sayError } from '@/shared/i18n'

export interface Act {
  busy: boolean
  fault: string
  done: string
  run: (act: () => Promise<unknown>, words?: string) => Promise<boolean>
}

export function useAct(): Act {
  const state: Act = shallowReactive({ busy: false, fault: '', done: '', run })

  async function run(act: () => Promise<unknown>, words = ''): Promise<boolean> {
    if (state.busy) return false
    state.busy = true
    state.fault = state.done = ''
    try {
      await act()
      state.done = words
      return true
    } catch (problem) {
      state.fault = sayError(problem)
      return false
    } finally {
      state.busy = false
    }
  }

  return state
}
