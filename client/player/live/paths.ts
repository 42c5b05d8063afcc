/** The candidate's endpoints, as openapi-fetch wants them described. */
import type {
  Ack,
  Device,
  FaceVerdict,
  Paper,
  Receipt,
  SignedIn,
  SittingState,
} from '@/shared/contract'
import type { EventBatch, Submission } from '../transport'

interface Json<Body> {
  content: { 'application/json': Body }
}
interface Answered<Body> {
  responses: { 200: Json<Body> }
}
interface Get<Out> {
  get: Answered<Out>
}
interface Post<In, Out> {
  post: { requestBody: Json<In> } & Answered<Out>
}
interface Upload<Out, Query = undefined> {
  post: {
    parameters: Query extends undefined ? { query?: never } : { query: Query }
    requestBody: { content: { '*/*': Blob } }
  } & Answered<Out>
}

export interface SittingPaths {
  '/api/sitting/sign-in': Post<
    { ticket_no: string; id_number: string; machine_token: string },
    SignedIn
  >
  '/api/sitting/state': Get<SittingState>
  '/api/sitting/portrait': Get<Blob>
  '/api/sitting/paper': Get<Paper>
  '/api/sitting/device': Post<{ public_key_b64: string }, Device>
  '/api/sitting/events': Post<EventBatch, Ack>
  '/api/sitting/submit': Post<Submission, Receipt>
  '/api/sitting/face': Upload<FaceVerdict>
  '/api/sitting/captures': Upload<{ next_in_s: number }, { taken_at_ms: number }>
  '/api/sitting/thumbnail': Upload<undefined>
  '/api/sitting/segments': Upload<
    { stored: boolean; index: number },
    { index: number; t0_ms: number; t1_ms: number; sha256: string }
  >
}
