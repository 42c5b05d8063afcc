import { describe, expect, it } from 'vitest'
import { nextAfter } from './next'

const READ = { scoring_open: false, keys_destroyed: false }

describe('what comes next after the closing', () => {
  it('follows the state of the session', () => {
    expect(nextAfter('closed', READ)).toBe('scoring')
    expect(nextAfter('closed', { ...READ, scoring_open: true })).toBe('marking')
    expect(nextAfter('marked', { ...READ, scoring_open: true })).toBe('publish')
    expect(nextAfter('published', { ...READ, scoring_open: true })).toBe('archive')
    expect(nextAfter('archived', { ...READ, scoring_open: true })).toBe('archived')
  })

  it('is nothing once the keys are destroyed', () => {
    expect(nextAfter('archived', { scoring_open: true, keys_destroyed: true })).toBe('destroyed')
    expect(nextAfter('published', { scoring_open: null, keys_destroyed: true })).toBe('destroyed')
  })

  it('is not guessed by who may not read about the keys', () => {
    const unread = { scoring_open: null, keys_destroyed: null }
    expect(nextAfter('closed', unread)).toBeNull()
    expect(nextAfter('marked', unread)).toBe('publish')
  })

  it('is nothing before the closing', () => {
    expect(nextAfter('running', READ)).toBeNull()
  })
})
