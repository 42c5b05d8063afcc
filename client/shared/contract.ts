/**
 * The candidate's API in short names, as the server describes it (`make openapi`).
 * Instants end in `_ms` (since 1970, UTC), durations in `_s`. By hand are only the messages of the
 * socket, which OpenAPI cannot describe.
 */
import type { RefusedBody } from './api'
import type { components } from './api-types'
import type { ClientEvent } from './sign'

type Shape = components['schemas']

export type ItemKind = Shape['ItemType']
export type AnswerResponse = Shape['ResponseShown']
export type PaperOption = Shape['OptionShown']
export type PaperItem = Shape['ItemShown']
export type Section = Shape['SectionShown']
export type Paper = Shape['PaperShown']
export type Stage = Shape['Stage']
export type Policy = Shape['PolicyShown']
export type Notice = Shape['NoticeShown']
export type Receipt = Shape['ReceiptShown']
export type SittingState = Shape['StateShown']
export type Ack = Shape['AckShown']
export type FaceVerdict = Shape['FaceBody']
export type Device = Shape['DeviceBody']
export type SignedIn = Shape['SignedInBody']
/** Both of an event's optional fields are always sent, for they are signed. */
export type EventBatch = Omit<Shape['EventsIn'], 'events'> & { events: ClientEvent[] }
export type Submission = Shape['SubmitIn']

/** A refusal on the socket: the code and its parameters; the sentence is the client's own. */
export type RefusedMessage = Pick<RefusedBody, 'code' | 'params'> & { first_seq: number | null }

export type FromServer =
  | ({ type: 'state' } & SittingState)
  | ({ type: 'ack' } & Ack)
  | ({ type: 'refused' } & RefusedMessage)
  | ({ type: 'notice' } & Notice)
  | { type: 'pong'; t0: number; server_ms: number }

export type ToServer =
  | { type: 'hello'; token: string }
  | { type: 'ping'; t0: number }
  | ({ type: 'events' } & EventBatch)
  | { type: 'help' }
