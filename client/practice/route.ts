/** Where the reader is, in the address after `#`, so that back and bookmarks work. */
import { onBeforeUnmount, ref, type Ref } from 'vue'

export type Route =
  { page: 'papers' } | { page: 'paper'; paper_id: string } | { page: 'attempt'; paper_id: string }

export function routeOf(hash: string): Route {
  const [, page, id] = hash.split('/')
  const paper_id = decoded(id ?? '')
  if (page === 'paper' && paper_id !== '') return { page, paper_id }
  if (page === 'attempt' && paper_id !== '') return { page, paper_id }
  return { page: 'papers' }
}

/** Text that somebody has mistyped is no id. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return ''
  }
}

export function addressOf(route: Route): string {
  return route.page === 'papers' ? '#/' : `#/${route.page}/${encodeURIComponent(route.paper_id)}`
}

export function useRoute(): Ref<Route> {
  const route = ref(routeOf(location.hash)) as Ref<Route>
  const changed = (): void => {
    route.value = routeOf(location.hash)
  }
  window.addEventListener('hashchange', changed)
  onBeforeUnmount(() => {
    window.removeEventListener('hashchange', changed)
  })
  return route
}
