/** Calls of the API: the body, or `Refused` / `Unreachable`. Knows whether the server answers. */
import { ref } from 'vue'
import { refusalOf, Unreachable } from '@/shared/api'
import { expire, token } from './identity'

const TIMEOUT_MS = 30_000

/** False while the last call found no server. */
export const reachable = ref(true)

export type Query = Record<string, string | number | boolean | null | undefined>

export function get<T>(path: string, query: Query = {}): Promise<T> {
  return json<T>('GET', withQuery(path, query))
}

export function post<T>(path: string, body?: object): Promise<T> {
  if (body === undefined) return json<T>('POST', path)
  return json<T>('POST', path, JSON.stringify(body), 'application/json')
}

/** A form with files; the browser writes the boundary. */
export function upload<T>(path: string, form: FormData, query: Query = {}): Promise<T> {
  return json<T>('POST', withQuery(path, query), form)
}

export function sendJpeg<T>(path: string, image: Blob): Promise<T> {
  return json<T>('POST', path, image, 'image/jpeg')
}

/** A file of the API; links cannot carry the token. */
export async function getBlob(path: string): Promise<Blob> {
  return (await send('GET', path)).blob()
}

/** Fetches a file and hands it to the browser to save. */
export async function download(path: string, name: string): Promise<void> {
  save(await getBlob(path), name)
}

/** The same for a file whose making is an act. */
export async function makeAndDownload(path: string, name: string): Promise<void> {
  save(await (await send('POST', path)).blob(), name)
}

export function save(blob: Blob, name: string): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(blob)
  link.download = name
  link.click()
  setTimeout(() => {
    URL.revokeObjectURL(link.href)
  }, 10_000)
}

async function json<T>(method: string, path: string, body?: BodyInit, type?: string): Promise<T> {
  const response = await send(method, path, body, type)
  if (response.status === 204) return undefined as T
  return (await response.json()) as T
}

async function send(
  method: string,
  path: string,
  body?: BodyInit,
  type?: string,
): Promise<Response> {
  const headers = new Headers({ accept: 'application/json, */*' })
  const bearer = token()
  if (bearer !== null) headers.set('authorization', `Bearer ${bearer}`)
  if (type !== undefined) headers.set('content-type', type)
  const response = await reach(path, { method, headers, body: body ?? null })
  if (response.ok) return response
  if (response.status === 401 && bearer !== null) expire()
  throw refusalOf(await bodyOf(response), response)
}

async function reach(path: string, init: RequestInit): Promise<Response> {
  try {
    const response = await fetch(path, { ...init, signal: AbortSignal.timeout(TIMEOUT_MS) })
    reachable.value = true
    return response
  } catch (error) {
    reachable.value = false
    throw new Unreachable(error instanceof Error ? error.name : 'network')
  }
}

async function bodyOf(response: Response): Promise<unknown> {
  try {
    return await response.json()
  } catch {
    return null
  }
}

function withQuery(path: string, query: Query): string {
  const given = new URLSearchParams()
  for (const [key, value] of Object.entries(query)) {
    if (value !== null && value !== undefined && value !== '') given.set(key, String(value))
  }
  const text = given.toString()
  return text === '' ? path : `${path}?${text}`
}
