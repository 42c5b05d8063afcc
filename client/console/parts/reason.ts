/** The reason of an act with legal effect, as the API takes it. */
export interface Reason {
  reason_code: string
  reason_text: string
  second_account: string
  second_pin: string
}

export function blankReason(code = ''): Reason {
  return { reason_code: code, reason_text: '', second_account: '', second_pin: '' }
}

/** The body's fields; the second person only where one was asked for. */
export function reasonBody(reason: Reason, second: boolean): Partial<Reason> {
  const { reason_code, reason_text, second_account, second_pin } = reason
  if (!second) return { reason_code, reason_text }
  return { reason_code, reason_text, second_account, second_pin }
}

/** Whether enough is filled in to send it. */
export function isComplete(reason: Reason, second: boolean): boolean {
  if (reason.reason_code === '' || (reason.reason_code === 'other' && !reason.reason_text.trim())) {
    return false
  }
  return !second || (reason.second_account.trim() !== '' && reason.second_pin !== '')
}

/** Reasons to choose from, by act. `other` always needs words. */
export const REASONS = {
  refuse: ['portrait_differs', 'document_differs', 'document_missing', 'wrong_session', 'other'],
  against_advice: ['appearance_changed', 'portrait_old', 'picture_poor', 'other'],
  manual: ['no_face_consent', 'portrait_missing', 'camera_fault', 'matching_fails', 'other'],
  late: ['traffic', 'site_fault', 'weather', 'other'],
  same_person: ['compared_by_eye', 'document_checked', 'picture_poor', 'other'],
  not_same_person: ['portrait_differs', 'document_differs', 'other'],
  dismissed: ['false_alarm', 'picture_poor', 'already_handled', 'other'],
  handled: ['went_to_seat', 'fault_mended', 'other'],
  warn: ['behaviour', 'camera_view', 'other'],
  extend: ['network_fault', 'machine_fault', 'power_fault', 'interruption', 'other'],
  pause: ['machine_fault', 'candidate_unwell', 'interruption', 'other'],
  resume: ['fault_mended', 'candidate_back', 'other'],
  transfer: ['machine_fault', 'camera_fault', 'network_fault', 'other'],
  force: ['time_over', 'violation', 'candidate_left', 'other'],
  violation: ['observed_in_room', 'seen_in_recording', 'other'],
  face: ['compared_by_eye', 'document_checked', 'other'],
  late_counts: ['network_fault', 'machine_fault', 'power_fault', 'other'],
  late_counts_not: ['evidence_missing', 'clock_doubtful', 'other'],
  replay: ['score_review', 'quality_check', 'complaint', 'incident_check', 'other'],
} as const
