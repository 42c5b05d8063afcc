/** What comes next in a session that is closed. Pure. */
import type { SessionState } from '../contract/people'

export type Next = 'scoring' | 'marking' | 'publish' | 'archive' | 'archived' | 'destroyed'

/** What was read about the keys; null where the reader may not. */
export interface KeysRead {
  scoring_open: boolean | null
  keys_destroyed: boolean | null
}

/** Null before the closing, and where it hangs on something that was not read. */
export function nextAfter(state: SessionState, keys: KeysRead): Next | null {
  if (keys.keys_destroyed === true) return 'destroyed'
  switch (state) {
    case 'closed':
      if (keys.scoring_open === null) return null
      return keys.scoring_open ? 'marking' : 'scoring'
    case 'marked':
      return 'publish'
    case 'published':
      return 'archive'
    case 'archived':
      return 'archived'
    default:
      return null
  }
}
