/** Reading and acting with the states that every screen must show. */
import { onMounted, onUnmounted, shallowReactive } from 'vue'

export interface Load<T> {
  data: T | null
  error: unknown
  busy: boolean
  reload: () => Promise<void>
}

/** Reads at once and on `reload`; earlier data stay while newer are on the way or failed. */
export function useLoad<T>(read: () => Promise<T>, every_ms = 0): Load<T> {
  let latest = 0
  const load: Load<T> = shallowReactive({ data: null, error: null, busy: false, reload })

  async function reload(): Promise<void> {
    latest += 1
    const turn = latest
    load.busy = true
    try {
      const got = await read()
      if (turn !== latest) return
      load.data = got
      load.error = null
    } catch (fault) {
      if (turn === latest) load.error = fault
    } finally {
      if (turn === latest) load.busy = false
    }
  }

  let timer = 0
  onMounted(() => {
    void reload()
    if (every_ms > 0) timer = window.setInterval(() => void reload(), every_ms)
  })
  onUnmounted(() => {
    window.clearInterval(timer)
    latest += 1
  })
  return load
}

export interface Act {
  busy: boolean
  error: unknown
  /** Says that the last act succeeded, in the language of the moment; null when none did. */
  done: (() => string) | null
  /** Runs one act at a time; resolves to whether it succeeded. */
  run: (act: () => Promise<unknown>, words?: () => string) => Promise<boolean>
  clear: () => void
}

export function useAct(): Act {
  const state: Act = shallowReactive({ busy: false, error: null, done: null, run, clear })

  function clear(): void {
    state.error = null
    state.done = null
  }

  async function run(act: () => Promise<unknown>, words?: () => string): Promise<boolean> {
    if (state.busy) return false
    state.busy = true
    clear()
    try {
      await act()
      state.done = words ?? null
      return true
    } catch (fault) {
      state.error = fault
      return false
    } finally {
      state.busy = false
    }
  }

  return state
}
