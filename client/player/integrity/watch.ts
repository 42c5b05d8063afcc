/**
 * Watches the page, not the person: leaving the window, leaving full screen, copy and paste.
 *
 * Rules kept here: an absence shorter than a second is nothing (input methods and permission prompts
 * take the focus for moments); an absence is one pair of events, however many signals it made;
 * nothing here ends or fails anything.
 */
import type { EventKind } from '../answers/state'

const IGNORED_MS = 1000

export interface WatchHooks {
  note(kind: EventKind): void
  fullscreen(on: boolean): void
}

/** Starts watching; the result stops it. */
export function watch(hooks: WatchHooks): () => void {
  const stop = new AbortController()
  const options = { signal: stop.signal }
  const focus = new Absence(hooks)
  const away = (): void => {
    focus.away()
  }
  const back = (): void => {
    focus.back()
  }
  window.addEventListener('blur', away, options)
  window.addEventListener('focus', back, options)
  document.addEventListener(
    'visibilitychange',
    () => {
      if (document.hidden) away()
      else if (document.hasFocus()) back()
    },
    options,
  )
  document.addEventListener(
    'fullscreenchange',
    () => {
      const on = document.fullscreenElement !== null
      if (!on) hooks.note('fullscreen_left')
      hooks.fullscreen(on)
    },
    options,
  )
  for (const name of ['copy', 'cut', 'contextmenu', 'drop', 'dragover'] as const) {
    document.addEventListener(name, block, options)
  }
  return () => {
    stop.abort()
    focus.forget()
  }
}

class Absence {
  #hooks: WatchHooks
  #timer: ReturnType<typeof setTimeout> | null = null
  #noted = false

  constructor(hooks: WatchHooks) {
    this.#hooks = hooks
  }

  away(): void {
    if (this.#timer !== null || this.#noted) return
    this.#timer = setTimeout(() => {
      this.#timer = null
      this.#noted = true
      this.#hooks.note('focus_lost')
    }, IGNORED_MS)
  }

  back(): void {
    this.forget()
    if (!this.#noted) return
    this.#noted = false
    this.#hooks.note('focus_back')
  }

  forget(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
  }
}

function block(event: Event): void {
  event.preventDefault()
}
