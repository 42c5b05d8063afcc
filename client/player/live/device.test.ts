import { expect, it } from 'vitest'
import { Store } from '../answers/store'
import { ServerClock } from '../clock'
import { deviceFor, type KeptDevice } from './device'
import { Server } from './server'

it('takes one device where nothing can be stored, however often it is asked', async () => {
  let epoch = 0
  const store = new Store('never')
  store.close()
  const server = new Server(new ServerClock(), {
    baseUrl: 'http://localhost',
    fetch: () => {
      epoch += 1
      const names = { origin: 'o', stream_id: 's', server_key_b64: 'AAAA' }
      return Promise.resolve(Response.json({ ...names, epoch }))
    },
  })
  server.token = 'token'
  let last: KeptDevice | null = null
  for (let polls = 0; polls < 3; polls += 1) {
    last = await deviceFor(store, server, { sitting_id: 'sit', epoch }, last)
  }
  expect(epoch).toBe(1)
  // Another sign-in needs another.
  server.token = 'another'
  last = await deviceFor(store, server, { sitting_id: 'sit', epoch }, last)
  expect(last.stream.epoch).toBe(2)
})
