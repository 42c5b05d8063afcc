/** One window per sitting, by a Web Lock that is held until the page goes. Never stolen. */
const ASK = 'gongyuan.tab'

const mine = new Set<string>()

/** True when this window has the sitting, from now or before; false when another one holds it. */
export function holdSitting(sitting_id: string): Promise<boolean> {
  // Asked again the browser would name our own lock: to it that is one held by somebody.
  if (mine.has(sitting_id)) return Promise.resolve(true)
  return new Promise((answer) => {
    void navigator.locks.request(`sitting:${sitting_id}`, { ifAvailable: true }, (lock) => {
      if (lock !== null) mine.add(sitting_id)
      answer(lock !== null)
      // Held for as long as the page lives: the browser frees it with the page.
      return lock === null ? undefined : new Promise<never>(() => undefined)
    })
  })
}

/** Asks the window that holds the sitting to come to the front. */
export function askOwner(): void {
  const channel = new BroadcastChannel(ASK)
  channel.postMessage('focus')
  channel.close()
}

/** Comes to the front when another window asks. */
export function answerAsking(): void {
  new BroadcastChannel(ASK).onmessage = () => {
    window.focus()
  }
}
