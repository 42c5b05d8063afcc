/** Which machine this is: the token that the officer's set-up link carried, kept on this computer. */
const KEPT = 'gongyuan.machine'

/** Takes the token from `?machine=` once and then from where it is kept; null on an unknown machine. */
export function machineToken(): string | null {
  const query = new URLSearchParams(location.search)
  const given = query.get('machine')
  try {
    if (given === null || given === '') return localStorage.getItem(KEPT)
    localStorage.setItem(KEPT, given)
  } catch {
    return given
  }
  // Out of the address bar, where a photograph of the screen would show it.
  history.replaceState(null, '', location.pathname)
  return given
}
