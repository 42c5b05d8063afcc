/** How far the destruction of a session's keys has come, and what a person can do about it. Pure. */
import type { Hold, Order, Standing } from '../contract/erasure'

/**
 * `open`: not sealed yet. `kept`: no order stands. `unfinished`: the keys are gone, the files were
 * not looked into yet.
 */
export type Phase = 'open' | 'kept' | 'ordered' | 'approved' | 'sequenced' | 'unfinished' | 'erased'

/** The acts of an order, in their order. */
export const STEPS = ['order', 'agree', 'log', 'destroy'] as const
export type Step = (typeof STEPS)[number]

export function phaseOf(standing: Standing): Phase {
  const order = standing.erasure
  if (order === null || order.state === 'withdrawn') return standing.sealed ? 'kept' : 'open'
  switch (order.state) {
    case 'approved':
    case 'sequenced':
      return order.state
    case 'erased':
      return order.complete ? 'erased' : 'unfinished'
    default:
      return 'ordered'
  }
}

/** The act that comes next; null where nothing can come. */
export function stepOf(phase: Phase): Step | null {
  const next: Record<Phase, Step | null> = {
    open: null,
    kept: 'order',
    ordered: 'agree',
    approved: 'log',
    sequenced: 'destroy',
    unfinished: 'destroy',
    erased: null,
  }
  return next[phase]
}

export function areGone(phase: Phase): boolean {
  return phase === 'unfinished' || phase === 'erased'
}

export function standingHolds(standing: Standing): Hold[] {
  return standing.holds.filter((one) => one.lifted_at_ms === null)
}

export function agreedOf(order: Order): number {
  return order.approvers.filter((one) => one.agreed_at_ms !== null).length
}

/** Whether the order waits for this person's word. */
export function isAsked(order: Order, account_id: string): boolean {
  if (order.state !== 'ordered' && order.state !== 'approved') return false
  return order.approvers.some((one) => one.account_id === account_id && one.agreed_at_ms === null)
}

/** Whether a record stands in the log that no signed checkpoint covers yet, so looking again helps. */
export function awaitsCheckpoint(standing: Standing): boolean {
  const order = standing.erasure
  if (order === null) return false
  if (order.state === 'sequenced') return order.order_leaf === null
  return order.state === 'erased' && order.record_leaf === null
}

const CODE_LENGTH = 6

/** What is typed before the keys go: the end of the session's number. */
export function codeOf(session_id: string): string {
  return session_id.slice(-CODE_LENGTH)
}

export function isCode(typed: string, session_id: string): boolean {
  return typed.trim().toUpperCase() === codeOf(session_id).toUpperCase()
}

/** A reason with what it rests on, as one text on record. */
export function reasonText(reason: string, basis: string): string {
  return [reason, basis]
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .join(' · ')
}
