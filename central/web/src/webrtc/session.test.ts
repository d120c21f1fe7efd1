import { describe, expect, it } from 'vitest'
import { relaysOf } from './session'

describe('a session', () => {
  it('takes the relays of the answer', () => {
    const header = '<turn:c:3478?transport=udp>; rel="ice-server"; username="u"; credential="a b"; credential-type="password", <turn:c:3478?transport=tcp>; rel="ice-server"; username="u"; credential="x"; credential-type="password", <https://c/>; rel="other"'
    expect(relaysOf(header)).toEqual([
      { urls: 'turn:c:3478?transport=udp', username: 'u', credential: 'a b' },
      { urls: 'turn:c:3478?transport=tcp', username: 'u', credential: 'x' },
    ])
    expect(relaysOf(null)).toEqual([])
    expect(relaysOf('rubbish')).toEqual([])
  })
})
