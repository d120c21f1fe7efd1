import { describe, expect, it } from 'vitest'
import { degrees, idFault } from './check'

describe('idFault', () => {
  it.each([['', ''], ['edge-rudong', ''], ['0a_b', ''], ['-a', 'device.id.begin'], ['Edge', 'device.id.begin'], ['edge 1', 'device.id.letters'], ['a'.repeat(65), 'device.id.long']])('%s', (id, key) => {
    expect(idFault(id)).toBe(key)
  })
})

describe('degrees', () => {
  it.each([['120.9', 180, 120.9], [' 32 ', 90, 32], ['', 90, undefined], ['91', 90, undefined], ['x', 90, undefined]])('%s', (text, limit, value) => {
    expect(degrees(text, limit)).toBe(value)
  })
})
