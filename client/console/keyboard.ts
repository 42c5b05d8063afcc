/** Single keys as commands; silent while text is written, a dialog asks, or a modifier is held. */
import { onMounted, onUnmounted } from 'vue'

export type Keys = Record<string, () => void>

/** `any` sees keys that have no command of their own and says whether it took them. */
export function useKeys(
  keys: Keys,
  when: () => boolean,
  any: (key: string) => boolean = () => false,
): void {
  function press(event: KeyboardEvent): void {
    if (event.isComposing || event.ctrlKey || event.altKey || event.metaKey || event.repeat) return
    if (inText(event.target) || !when()) return
    const key = event.key.length === 1 ? event.key.toUpperCase() : event.key
    const onControl = event.target instanceof HTMLButtonElement || isLink(event.target)
    if (key === 'Enter' && onControl) return
    const command = keys[key]
    if (command !== undefined) command()
    else if (!any(key)) return
    event.preventDefault()
  }

  onMounted(() => {
    window.addEventListener('keydown', press)
  })
  onUnmounted(() => {
    window.removeEventListener('keydown', press)
  })
}

function isLink(target: EventTarget | null): boolean {
  return target instanceof HTMLAnchorElement
}

function inText(target: EventTarget | null): boolean {
  if (target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement) return true
  return target instanceof HTMLInputElement && !['checkbox', 'radio', 'file'].includes(target.type)
}
