/** How the page is shown: the size of type, kept on this computer. */
import { ref } from 'vue'

export const SIZES = { small: 16, middle: 18, large: 22 } as const
export type Size = keyof typeof SIZES

const KEPT = 'gongyuan.size'
const ORDER: Size[] = ['small', 'middle', 'large']

export const size = ref<Size>('middle')

/** Applies the kept size; `first` where none is kept. */
export function restoreSize(first: Size = 'middle'): void {
  const kept = ORDER.find((one) => one === read())
  setSize(kept ?? first)
}

/** Small, middle, large, small … */
export function nextSize(): void {
  setSize(ORDER[(ORDER.indexOf(size.value) + 1) % ORDER.length] ?? 'middle')
}

function setSize(wanted: Size): void {
  size.value = wanted
  document.documentElement.style.fontSize = `${SIZES[wanted]}px`
  try {
    localStorage.setItem(KEPT, wanted)
  } catch {
    // The size lasts as long as the page then.
  }
}

function read(): string | null {
  try {
    return localStorage.getItem(KEPT)
  } catch {
    return null
  }
}
