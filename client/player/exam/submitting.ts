/**
 * From sealed answers to a receipt.
 *
 * Rules kept here: everything is acknowledged before the submission is signed; a submission that got
 * no answer is repeated (the server's submit is idempotent); when the server has already closed the
 * sitting, its receipt is fetched instead.
 */
import { Refused } from '@/shared/api'
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
  wait?: Sleep
}

export async function submitting(parts: SubmittingParts): Promise<void> {
  const { view, outbox } = parts
  const wait = parts.wait ?? sleep
  await parts.written()
  for (let failures = 0; view.receipt === null && view.lock === null; failures += 1) {
    await outbox.drained()
    if (isLocked(view)) return
    try {
      view.receipt = (await closed(parts)) ?? (await submit(parts))
      view.reachable = true
    } catch (error) {
      if (error instanceof Refused && error.code === 'submit.too_early') {
        view.phase = 'answering'
        view.sealedBy = null
        return
      }
      if (!(error instanceof Refused)) view.reachable = false
      else if (error.code === 'submit.behind') await refill(parts, error)
      else view.lockCode = error.code
      await wait(backoff_ms(failures) + 200)
    }
  }
  if (view.receipt !== null) view.phase = 'submitted'
}

// Asked again after every wait; the outbox may have been refused meanwhile.
function isLocked(view: ExamView): boolean {
  return view.lock !== null
}

/** The receipt of a sitting that the server has closed already; null when it is still open. */
async function closed({ outbox, transport }: SubmittingParts): Promise<ExamView['receipt']> {
  if (outbox.stopped === null) return null
  return (await transport.state()).receipt
}

async function submit(parts: SubmittingParts): Promise<ExamView['receipt']> {
  const { signer, transport, view, journal } = parts
  const signed = await signer.submission(journal.last, view.state.answers)
  return transport.submit({ epoch: signer.epoch, last_seq: journal.last, ...signed })
}

/** The server lacks events that it once acknowledged to us or that we thought sent. */
async function refill({ journal, outbox }: SubmittingParts, error: Refused): Promise<void> {
  const acked = Number(error.params.acked_through)
  if (Number.isSafeInteger(acked)) outbox.again(await journal.from(acked + 1))
}
