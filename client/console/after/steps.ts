/** Marks in steps of a half, as decimal text; what a typed key means. Pure. */

/** Every mark from 0 to `full` in halves. */
export function marksUpTo(full: string): string[] {
  const halves = Math.floor(Number(full) * 2)
  return Array.from({ length: halves + 1 }, (_, half) => String(half / 2))
}

/** The typed text after a key: digits and one point; what cannot be a mark starts anew. */
export function typed(before: string, key: string, full: string): string {
  const possible = marksUpTo(full)
  const fits = (text: string): boolean => possible.some((mark) => mark.startsWith(text))
  const longer = before + key
  if (fits(longer)) return longer
  return fits(key) ? key : before
}

/** Whether the text is a mark that may be given. */
export function isMark(text: string, full: string): boolean {
  return marksUpTo(full).includes(text)
}
