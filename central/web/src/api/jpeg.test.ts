import { expect, it } from 'vitest'
import { jpeg } from './jpeg'

// A canvas whose picture has as many bytes as the quality asks for.
function canvas(bytes: number) {
  const asked: number[] = []
  return { asked, toBlob: (done: BlobCallback, _type?: string, quality = 1) => { asked.push(quality); done(new Blob([new Uint8Array(bytes * quality)])) } }
}

it('keeps the best quality that the centre takes', async () => {
  const small = canvas(500_000)
  expect((await jpeg(small))?.size).toBe(460_000)
  expect(small.asked).toEqual([0.92])
  const large = canvas(1_300_000)
  expect((await jpeg(large))?.size).toBeLessThanOrEqual(950_000)
  expect(large.asked).toEqual([0.92, 0.82, 0.7])
})

it('gives what it has where nothing is small enough', async () => {
  expect((await jpeg(canvas(9_000_000)))?.size).toBe(3_600_000)
})
