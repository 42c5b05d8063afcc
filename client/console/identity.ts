/** Who is signed in on this tab. The token lives as long as the tab, so that a shared PC forgets. */
import { computed, shallowRef } from 'vue'
import type { Me, Role, SignedIn } from './contract/people'

const KEPT = 'gongyuan.staff'

interface Kept {
  token: string
  me: Me
}

const kept = shallowRef<Kept | null>(read())

export const me = computed(() => kept.value?.me ?? null)

/** Set when the server declined the token, so that the sign-in page can say why it is shown. */
export const expired = shallowRef(false)

export function token(): string | null {
  return kept.value?.token ?? null
}

export function enter(done: SignedIn): void {
  const { token: bearer, account_id, account, name, roles, language } = done
  kept.value = { token: bearer, me: { account_id, account, name, roles, language } }
  expired.value = false
  sessionStorage.setItem(KEPT, JSON.stringify(kept.value))
}

export function leave(): void {
  kept.value = null
  sessionStorage.removeItem(KEPT)
}

export function expire(): void {
  if (kept.value === null) return
  leave()
  expired.value = true
}

/** Whether the person has one of the roles. What they may really do the server decides. */
export function has(...roles: Role[]): boolean {
  return kept.value?.me.roles.some((role) => roles.includes(role)) ?? false
}

function read(): Kept | null {
  const text = sessionStorage.getItem(KEPT)
  return text === null ? null : (JSON.parse(text) as Kept)
}
