import { expect, it } from 'vitest'
import { hex } from './upload'

it('writes bytes in hexadecimal with their zeros', () => {
  expect(hex(new Uint8Array([0, 1, 171, 255]).buffer)).toBe('0001abff')
})
