/** Which screens of a session a person's roles open. The server decides; this only spares clicks. */
import type { Role, Session } from './contract/people'
import { has } from './identity'
import { to } from './router'

export interface Door {
  name: string
  address: string
}

const BY_ROLE: readonly (readonly [string, readonly Role[]])[] = [
  ['staffing', ['officer', 'chief']],
  ['candidates', ['officer']],
  ['package', ['officer']],
  ['draw', ['officer', 'chief']],
  ['keys', ['key_holder', 'officer', 'chief']],
  ['desk', ['invigilator', 'chief']],
  ['wall', ['invigilator', 'chief', 'officer']],
  ['close', ['chief', 'invigilator']],
  ['late', ['officer', 'chief']],
  ['marking', ['officer', 'chief', 'marker']],
  ['results', ['officer', 'chief', 'supervisor', 'auditor']],
  ['reviews', ['officer', 'chief']],
  ['archive', ['officer', 'chief']],
  ['erasure', ['officer', 'supervisor', 'chief']],
  ['replay', ['supervisor', 'officer', 'chief']],
]
const PATHS: Record<string, string> = { staffing: 'staff' }

export function doorsOf(session: Session): Door[] {
  const id = session.session_id
  const open = BY_ROLE.filter(([, roles]) => has(...roles)).map(([name]) => ({
    name,
    address: to('sessions', id, PATHS[name] ?? name),
  }))
  return [{ name: 'session', address: to('sessions', id) }, ...open]
}
