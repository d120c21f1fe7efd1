import { describe, expect, it } from 'vitest'
import { pictureBeside, picturesOf } from './pictures'

const u32 = (...list: number[]): number[] => list.flatMap((n) => [n >>> 24, (n >>> 16) & 255, (n >>> 8) & 255, n & 255])
const box = (kind: string, ...content: number[][]): number[] => {
  const inner = content.flat()
  return [...u32(8 + inner.length), ...[...kind].map((c) => c.charCodeAt(0)), ...inner]
}
const head = box('moov', box('mvhd', u32(0, 0, 0, 1000)), box('trak', box('tkhd', u32(0)), box('mdia', box('mdhd', u32(0, 0, 0, 90_000, 0)))))
// part is pictures from a tick on, as the centre and the terminal write them: duration, size and flags of each.
const part = (from: number, ...durations: number[]): number[] => [
  ...box('moof', box('mfhd', u32(0, 1)), box('traf', box('tfhd', u32(0x020000, 1)), box('tfdt', u32(0x01000000, 0, from)), box('trun', u32(0x01000701, durations.length, 8), ...durations.map((d) => u32(d, 500, 0))))),
  ...box('mdat', [1, 2, 3]),
]
const film = (...bytes: number[][]): ArrayBuffer => new Uint8Array(bytes.flat()).buffer

describe('the pictures of a film', () => {
  it('begin where its parts say', () => {
    expect(picturesOf(film(head, part(0, 9000, 9000), part(18_000, 4500, 9000)))).toEqual([0, 100, 200, 250])
    expect(picturesOf(film(head))).toEqual([])
    expect(picturesOf(film(part(0, 9000)))).toEqual([])
  })

  it('have an order that may differ from that of the file, and one duration', () => {
    const run = box('trun', u32(0x01000800, 3, 0, 18_000, 0xffffdcd8))
    const all = film(head, box('moof', box('traf', box('tfhd', u32(0x000008, 1, 9000)), box('tfdt', u32(0, 9000)), run)))
    expect(picturesOf(all)).toEqual([100, 200, 400])
  })

  it('of a broken film are those before the fault', () => {
    const whole = film(head, part(0, 9000, 9000), part(18_000, 9000))
    for (let n = 0; n <= whole.byteLength; n++) expect(picturesOf(whole.slice(0, n)).length).toBeLessThanOrEqual(3)
    for (let n = 0; n < whole.byteLength; n++) {
      for (const wrong of [0, 1, 127, 255]) {
        const bytes = new Uint8Array(whole.slice(0))
        bytes[n] = wrong
        expect(picturesOf(bytes.buffer).length).toBeLessThanOrEqual(10)
      }
    }
  })
})

describe('the picture beside another', () => {
  const list = [1000, 1100.4, 1200, 1200.2, 9000, 9040]

  it('is the next or the one before', () => {
    expect(pictureBeside(list, 1001, 1)).toBe(1102)
    expect(pictureBeside(list, 1102, 1)).toBe(1201)
    expect(pictureBeside(list, 1150, -1)).toBe(1001)
    expect(pictureBeside(list, 1102, -1)).toBe(1001)
    expect(pictureBeside(list, 9001, 1)).toBe(9041)
  })

  it('is none beyond a break', () => {
    expect(pictureBeside(list, 500, 1)).toBeUndefined()
    expect(pictureBeside(list, 1001, -1)).toBeUndefined()
    expect(pictureBeside(list, 1202, 1)).toBeUndefined()
    expect(pictureBeside(list, 9001, -1)).toBeUndefined()
    expect(pictureBeside(list, 6000, 1)).toBeUndefined()
    expect(pictureBeside([], 6000, 1)).toBeUndefined()
  })
})
