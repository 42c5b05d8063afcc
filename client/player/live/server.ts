/** The exam's server over HTTP: one function per endpoint of the candidate's API. */
import type { paths } from '@/shared/api-types'
import { createApi, isAway, need, refusalOf, Unreachable } from '@/shared/api'
import { toBase64 } from '@/shared/bytes'
import type {
  Ack,
  Device,
  EventBatch,
  FaceVerdict,
  Paper,
  Receipt,
  SignedIn,
  SittingState,
  Submission,
} from '@/shared/contract'
import type { ServerClock } from '../clock'

const UPLOAD_TIMEOUT_MS = 60_000

export interface Segment {
  index: number
  t0_ms: number
  t1_ms: number
  sha256: string
  data: Blob
}

export class Server {
  token: string | null = null
  readonly #clock: ServerClock
  readonly #api
  readonly #uploads

  constructor(clock: ServerClock, options: { baseUrl?: string; fetch?: typeof fetch } = {}) {
    this.#clock = clock
    this.#api = createApi<paths>(() => this.token, options)
    const slow = { ...options, timeout_ms: UPLOAD_TIMEOUT_MS }
    this.#uploads = createApi<paths>(() => this.token, slow)
  }

  signIn(ticket_no: string, id_number: string, machine_token: string): Promise<SignedIn> {
    return need(
      this.#api.POST('/api/sitting/sign-in', { body: { ticket_no, id_number, machine_token } }),
    )
  }

  async state(): Promise<SittingState> {
    const sent = this.#clock.mono()
    const state = await need(this.#api.GET('/api/sitting/state'))
    this.#clock.sample(sent, state.server_ms)
    return state
  }

  /**
   * Reaches our server; a refusal is an answer, and one for want of a token a good one. Gives its wall
   * clock to the second, ms, or null when it does not say. Throws `Unreachable`.
   */
  async reach(): Promise<{ date_ms: number | null; isAway: boolean }> {
    const { response, error } = await this.#api.GET('/api/sitting/state')
    const problem = response.ok ? null : refusalOf(error, response)
    if (problem instanceof Unreachable) throw problem
    const date = Date.parse(response.headers.get('date') ?? '')
    return { date_ms: Number.isNaN(date) ? null : date, isAway: isAway(problem) }
  }

  portrait(): Promise<Blob> {
    return need(this.#api.GET('/api/sitting/portrait', { parseAs: 'blob' }))
  }

  paper(): Promise<Paper> {
    return need(this.#api.GET('/api/sitting/paper'))
  }

  device(publicKey: Uint8Array): Promise<Device> {
    const body = { public_key_b64: toBase64(publicKey) }
    return need(this.#api.POST('/api/sitting/device', { body }))
  }

  async events(batch: EventBatch): Promise<Ack> {
    const sent = this.#clock.mono()
    const ack = await need(this.#api.POST('/api/sitting/events', { body: batch }))
    this.#clock.sample(sent, ack.server_ms)
    return ack
  }

  submit(submission: Submission): Promise<Receipt> {
    return need(this.#api.POST('/api/sitting/submit', { body: submission }))
  }

  face(image: Blob): Promise<FaceVerdict> {
    return need(this.#uploads.POST('/api/sitting/face', { ...binary(image, 'image/jpeg') }))
  }

  capture(image: Blob, taken_at_ms: number): Promise<{ next_in_s: number }> {
    const params = { query: { taken_at_ms } }
    return need(
      this.#uploads.POST('/api/sitting/captures', { params, ...binary(image, 'image/jpeg') }),
    )
  }

  async thumbnail(image: Blob): Promise<void> {
    await need(
      this.#api.POST('/api/sitting/thumbnail', {
        ...binary(image, 'image/jpeg'),
        parseAs: 'text' as 'json',
      }),
    )
  }

  async segment({ data, ...query }: Segment): Promise<void> {
    const params = { query }
    await need(
      this.#uploads.POST('/api/sitting/segments', { params, ...binary(data, 'video/webm') }),
    )
  }
}

function binary(
  body: Blob,
  type: string,
): { body: Blob; bodySerializer: () => Blob; headers: Record<string, string> } {
  return { body, bodySerializer: () => body, headers: { 'content-type': type } }
}
