/** What a browser does to a connection by itself, for the tests of the store. */
// @ts-expect-error -- the package describes no types for it
import forceClose from 'fake-indexeddb/lib/forceCloseDatabase'
import { unwrap } from 'idb'
import type { Store } from './store'

const close = forceClose as (db: IDBDatabase) => void

/** As when somebody clears the site's data; resolves when it has happened. */
export async function closedByBrowser(store: Store): Promise<void> {
  await store.run((db) => {
    close(unwrap(db))
    return Promise.resolve()
  })
}
