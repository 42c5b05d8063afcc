/** The API as this page uses it. The token lives in this tab's memory: a reload signs out. */
import { ref } from 'vue'
import { createApi, need, Refused, refusalOf } from '@/shared/api'
import type { components, paths } from '@/shared/api-types'
import { keyOf } from './proof/key'

type Shape = components['schemas']

export type OwnSitting = Shape['PortalBody']
export type OwnReview = Shape['OwnReviewBody']
export type ReceiptCheck = Shape['ReceiptBody']

export const token = ref<string | null>(null)

const api = createApi<paths>(() => token.value)

export async function signIn(ticket_no: string, id_number: string): Promise<void> {
  const body = await need(api.POST('/api/portal/sign-in', { body: { ticket_no, id_number } }))
  token.value = body.token
}

export async function signOut(): Promise<void> {
  try {
    await need(api.POST('/api/portal/sign-out'))
  } finally {
    token.value = null
  }
}

export async function readOwn(): Promise<OwnSitting> {
  return expiring(() => need(api.GET('/api/portal/sitting')))
}

export async function askReview(reason: string, positions: number[]): Promise<OwnSitting> {
  return expiring(() => need(api.POST('/api/portal/reviews', { body: { reason, positions } })))
}

export async function checkCode(code: string): Promise<ReceiptCheck> {
  return need(api.GET('/api/receipts/{code}', { params: { path: { code } } }))
}

/** A file that only this candidate may have. */

export async function fetchFile(path: string): Promise<Blob> {
  const headers = new Headers()
  if (token.value !== null) headers.set('authorization', `Bearer ${token.value}`)
  const response = await fetch(path, { headers })
  if (response.ok) return response.blob()
  throw refusalOf(await response.json().catch(() => null), response)
}

let key: string | null = null

/** The log's public key in hex as this server names it; null while it cannot be reached. */
export async function readKey(): Promise<string | null> {
  try {
    key ??= keyOf(await (await fetchFile('/log/key')).text())
  } catch {
    // Checking goes on without: the page says that the key was not compared.
  }
  return key
}

/** Hands a file to the browser to save. */
export function save(blob: Blob, name: string): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(blob)
  link.download = name
  link.click()
  setTimeout(() => {
    URL.revokeObjectURL(link.href)
  }, 10_000)
}

async function expiring<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (problem) {
    if (problem instanceof Refused && problem.status === 401) token.value = null
    throw problem
  }
}
