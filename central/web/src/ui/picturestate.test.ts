import { expect, it } from 'vitest'
import { pictureOf } from './picturestate'

const phone = { kind: 'camera', state: 'offline' } as const

it('a phone stands by, is asked, sends, or is not there', () => {
  expect(pictureOf(phone)).toBe('none')
  expect(pictureOf(phone, { state: 'idle' })).toBe('none')
  expect(pictureOf(phone, { state: 'idle', standby: true })).toBe('standby')
  expect(pictureOf(phone, { state: 'starting' })).toBe('starting')
  expect(pictureOf({ ...phone, state: 'online' }, { state: 'live' })).toBe('live')
})

it('what is behind a terminal, and what is no camera, has states of its own', () => {
  expect(pictureOf({ ...phone, parent: 'edge-1' }, { state: 'live' })).toBeUndefined()
  expect(pictureOf({ kind: 'sensor', state: 'online' })).toBeUndefined()
  expect(pictureOf({ ...phone, state: 'revoked' }, { state: 'idle' })).toBeUndefined()
})
