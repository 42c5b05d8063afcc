import { describe, expect, it } from 'vitest'
import { Refused, refusalOf, Unreachable } from './api'

const BODY = {
  code: 'storage.unavailable',
  kind: 'unavailable',
  params: {},
  message: { zh: '存储', en: 'storage' },
  rows: [],
}

describe('an error reply', () => {
  it('is the refusal of our own server whatever its status, also while it can store nothing', () => {
    const problem = refusalOf(BODY, new Response(null, { status: 503 }))
    expect(problem).toBeInstanceOf(Refused)
    expect(problem).toMatchObject({ ...BODY, sentence: BODY.message, message: BODY.code })
  })

  it.each<[string, unknown]>([
    ['nothing', null],
    ['a page', '<html>'],
    ['an error of its own', { message: 'no upstream', code: 503 }],
    ['an error of its own in a sentence', { kind: 'Status', code: 'gone', message: 'no upstream' }],
  ])('with %s in it comes from something in between, and nothing was answered', (_, body) => {
    const headers = { 'retry-after': '2' }
    const problem = refusalOf(body, new Response(null, { status: 503, headers }))
    expect(problem).toBeInstanceOf(Unreachable)
    expect(problem).toMatchObject({ wait_ms: 2000 })
  })
})
