/** Routes behind `#`: the server has to know one address only, and a reload stays where it was. */
import { computed, ref } from 'vue'

const hash = ref(location.hash)
window.addEventListener('hashchange', () => {
  hash.value = location.hash
})

export const path = computed(
  () => decodeURI(hash.value.replace(/^#/, '').split('?')[0] ?? '') || '/',
)

/** The address of a path, each part made safe. */
export function to(...parts: string[]): string {
  return `#/${parts.map(encodeURIComponent).join('/')}`
}

export function go(...parts: string[]): void {
  location.hash = to(...parts)
}

export type Params = Record<string, string>

/** The named parts of `path` when it has the form of `pattern` (`/sessions/:id`), else null. */
export function match(pattern: string, wanted: string): Params | null {
  const [form, given] = [pattern.split('/'), wanted.split('/')]
  if (form.length !== given.length) return null
  const params: Params = {}
  for (const [at, part] of form.entries()) {
    const value = given[at] ?? ''
    if (part.startsWith(':')) params[part.slice(1)] = decodeURIComponent(value)
    else if (part !== value) return null
  }
  return params
}
