/** Where the reader is, in the address after `#`: one's own page, or the check of a receipt. */
import { onBeforeUnmount, ref, type Ref } from 'vue'

export type Page = 'own' | 'receipt'

export function pageOf(hash: string): Page {
  return hash.split('?')[0] === '#/receipt' ? 'receipt' : 'own'
}

export function usePage(): Ref<Page> {
  const page = ref(pageOf(location.hash))
  const changed = (): void => {
    page.value = pageOf(location.hash)
  }
  window.addEventListener('hashchange', changed)
  onBeforeUnmount(() => {
    window.removeEventListener('hashchange', changed)
  })
  return page
}
