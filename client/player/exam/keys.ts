/**
 * The candidate's keyboard. Pure.
 *
 * Rules kept here: no single key works while an input method composes, in a text field, with a
 * modifier, or when the candidate has turned them off; arrows stay with the radio buttons; Enter
 * never submits.
 */
export type Action =
  | { type: 'option'; index: number }
  | {
      type: 'previous' | 'next' | 'mark' | 'unanswered' | 'review' | 'time' | 'keys' | 'close'
    }

export interface Pressed {
  key: string
  isComposing: boolean
  ctrlKey: boolean
  altKey: boolean
  metaKey: boolean
  /** Whether the focus is where text is typed. */
  inText: boolean
}

const ALWAYS: Record<string, Action> = {
  PageUp: { type: 'previous' },
  PageDown: { type: 'next' },
  Escape: { type: 'close' },
}
const SINGLE: Record<string, Action> = {
  m: { type: 'mark' },
  n: { type: 'unanswered' },
  r: { type: 'review' },
  t: { type: 'time' },
  '?': { type: 'keys' },
}

export function actionOf(pressed: Pressed, singleKeys: boolean): Action | null {
  if (pressed.isComposing || pressed.ctrlKey || pressed.altKey || pressed.metaKey) return null
  const always = ALWAYS[pressed.key]
  if (always !== undefined) return always
  if (pressed.inText || !singleKeys) return null
  const key = pressed.key.toLowerCase()
  if (/^[1-8]$/.test(key)) return { type: 'option', index: Number(key) - 1 }
  if (/^[a-h]$/.test(key)) return { type: 'option', index: key.charCodeAt(0) - 97 }
  return SINGLE[key] ?? null
}
