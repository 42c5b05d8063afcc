/**
 * HTTP with typed errors: what the server declines is `Refused`, what never arrived is `Unreachable`.
 */
import createClient, { type Client } from 'openapi-fetch'

/** A sentence in both languages, as the server writes it. */
export interface Sentence {
  zh: string
  en: string
}

/** One faulty row of an imported file. */
export interface RefusedRow {
  source: string
  row: number
  field: string
  code: string
  params: Record<string, unknown>
  message: Sentence
}

/** The server understood and declined; `code` is stable, such as `answer.too_late`. */
export class Refused extends Error {
  override readonly name = 'Refused'
  readonly code: string
  readonly kind: string
  readonly params: Readonly<Record<string, unknown>>
  readonly sentence: Sentence | null
  readonly rows: readonly RefusedRow[]
  readonly status: number

  constructor(body: Partial<RefusedBody> & { code: string }, status = 0) {
    super(body.code)
    this.code = body.code
    this.kind = body.kind ?? 'invalid'
    this.params = body.params ?? {}
    this.sentence = body.message ?? null
    this.rows = body.rows ?? []
    this.status = status
  }
}

/** Whether our server answered that it can read or store nothing now: the same may be tried again. */
export function isAway(error: unknown): error is Refused {
  return error instanceof Refused && error.kind === 'unavailable'
}

/** No usable answer came: network down, time out, or a server in between answered for ours. */
export class Unreachable extends Error {
  override readonly name = 'Unreachable'
  /** How long the server asked to wait, ms; null when it said nothing. */
  readonly wait_ms: number | null

  constructor(reason: string, wait_ms: number | null = null) {
    super(reason)
    this.wait_ms = wait_ms
  }
}

export interface RefusedBody {
  code: string
  kind: string
  params: Record<string, unknown>
  message: Sentence
  rows: RefusedRow[]
}

const TIMEOUT_MS = 15_000

/** A typed client of the API. `token` is asked at every call; null sends none. */
export function createApi<Paths extends object>(
  token: () => string | null,
  options: { baseUrl?: string; timeout_ms?: number; fetch?: typeof fetch } = {},
): Client<Paths> {
  const send = options.fetch ?? ((input: RequestInfo | URL) => fetch(input))
  return createClient<Paths>({
    baseUrl: options.baseUrl ?? location.origin,
    fetch: async (request) => {
      const bearer = token()
      if (bearer !== null) request.headers.set('authorization', `Bearer ${bearer}`)
      return reach(() => send(withTimeout(request, options.timeout_ms ?? TIMEOUT_MS)))
    },
  })
}

/** The body, or the error as an exception. */
export async function need<Body>(
  call: Promise<{ data?: Body; error?: unknown; response: Response }>,
): Promise<Body> {
  const { data, error, response } = await call
  if (response.ok) return data as Body
  throw refusalOf(error, response)
}

/** The exception that an error reply stands for: our server's word by its body, not by its status. */
export function refusalOf(error: unknown, response: Response): Refused | Unreachable {
  if (isRefusedBody(error)) return new Refused(error, response.status)
  return new Unreachable(`status ${response.status}`, retryAfter(response))
}

/** Whether it has our shape; a proxy's own error may have a code and a message too. */
function isRefusedBody(value: unknown): value is RefusedBody {
  if (typeof value !== 'object' || value === null) return false
  const { code, message } = value as Partial<RefusedBody>
  if (typeof code !== 'string' || typeof message !== 'object') return false
  return (message as Partial<Sentence> | null)?.zh !== undefined
}

function retryAfter(response: Response): number | null {
  const seconds = Number(response.headers.get('retry-after'))
  return Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : null
}

async function reach(call: () => Promise<Response>): Promise<Response> {
  try {
    return await call()
  } catch (error) {
    throw new Unreachable(error instanceof Error ? error.name : 'network')
  }
}

function withTimeout(request: Request, timeout_ms: number): Request {
  return new Request(request, { signal: AbortSignal.timeout(timeout_ms) })
}
