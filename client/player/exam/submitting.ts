/**
 * From sealed answers to a receipt.
 *
 * Rules kept here: everything is acknowledged before the submission is signed; a submission that got
 * no answer is repeated (the server's submit is idempotent); when the server has already closed the
 * sitting, its receipt is fetched instead. Time that ended on this page is asked after before anything
 * is submitted: an extension or a pause may have been given while the line was cut.
 */
import { isAway, Refused } from '@/shared/api'
import type { Receipt, SittingState } from '@/shared/contract'
import type { Journal } from '../answers/journal'
import type { Outbox } from '../answers/outbox'
import { backoff_ms, sleep, type Sleep } from '../backoff'
import type { ExamTransport, Signer } from '../transport'
import type { ExamView } from './view'

export interface SubmittingParts {
  view: ExamView
  transport: ExamTransport
  journal: Journal
  signer: Signer
  outbox: Outbox
  /** Resolves when every event is in the journal. */
  written: () => Promise<void>
  /** Reads where the sitting stands, and shows it; null where nobody keeps that. */
  read: () => Promise<SittingState | null>
  /** Lets the answering go on. */
  reopen: () => void
  wait?: Sleep
}

/** The clocks of page and server need not agree better at the end. */
const SURELY_LEFT_MS = 2000

export async function submitting(parts: SubmittingParts): Promise<void> {
  const { view, outbox } = parts
  const wait = parts.wait ?? sleep
  await parts.written()
  for (let failures = 0; view.receipt === null && view.lock === null; failures += 1) {
    await outbox.drained()
    if (isLocked(view)) return
    try {
      const state = await standing(parts)
      if (view.sealedBy === 'time' && state !== null && hasTime(state)) {
        parts.reopen()
        return
      }
      view.receipt = state?.receipt ?? (await submit(parts))
      view.reachable = true
      view.isServerFull = false
    } catch (error) {
      if (error instanceof Refused && error.code === 'submit.too_early') {
        parts.reopen()
        return
      }
      view.reachable = error instanceof Refused
      view.isServerFull = isAway(error)
      if (error instanceof Refused) {
        if (error.code === 'submit.behind') await refill(parts, error)
        else view.lockCode = error.code
      }
      await wait(backoff_ms(failures) + 200)
    }
  }
  if (view.receipt !== null) view.phase = 'submitted'
}

// Asked again after every wait; the outbox may have been refused meanwhile.
function isLocked(view: ExamView): boolean {
  return view.lock !== null
}

/** Where the sitting stands, asked when this page alone cannot know: the candidate's own word needs nobody's. */
async function standing({ view, outbox, read }: SubmittingParts): Promise<SittingState | null> {
  return view.sealedBy === 'time' || outbox.stopped !== null ? read() : null
}

function hasTime({ stage, deadline_ms, server_ms }: SittingState): boolean {
  return stage === 'paused' || (stage === 'answering' && deadline_ms - server_ms > SURELY_LEFT_MS)
}

async function submit(parts: SubmittingParts): Promise<Receipt> {
  const { signer, transport, view, journal } = parts
  const signed = await signer.submission(journal.last, view.state.answers)
  return transport.submit({ epoch: signer.epoch, last_seq: journal.last, ...signed })
}

/** The server lacks events that it once acknowledged to us or that we thought sent. */
async function refill({ journal, outbox }: SubmittingParts, error: Refused): Promise<void> {
  const acked = Number(error.params.acked_through)
  if (Number.isSafeInteger(acked)) outbox.again(await journal.from(acked + 1))
}
