import { describe, expect, it } from 'vitest'
import { newestOf, wanted, type Slice } from './newest'

const most = 500

// centre answers as the real one does: forward in time, so many at once, with a mark where it goes on.
function centre(times: readonly number[]) {
  const asked: Slice[] = []
  return {
    asked,
    ask: (slice: Slice, after: string) => {
      asked.push(slice)
      const within = times.filter((at) => at >= slice.from && at < slice.to)
      const begin = Number(after || 0)
      const items = within.slice(begin, begin + most)
      return Promise.resolve({ items, next: begin + most < within.length ? String(begin + most) : '' })
    },
  }
}

async function all(times: readonly number[], span: Slice): Promise<{ rows: number[]; asked: Slice[] }> {
  const c = centre(times)
  const rows: number[] = []
  let next = ''
  do {
    const part = await newestOf(span, next, c.ask)
    rows.push(...part.items)
    next = part.next
  } while (next)
  return { rows, asked: c.asked }
}

const every = (ms: number, span: Slice) => Array.from({ length: Math.floor((span.to - span.from) / ms) }, (_, i) => span.from + i * ms)
const day: Slice = { from: 1_000_000, to: 1_000_000 + 86_400_000 }

describe('newestOf', () => {
  it.each([100, 1000, 10_000, 60_000, 3_600_000])('gives every reading of a series of one each %i ms once, the newest first', async (ms) => {
    const span = ms < 1000 ? { from: day.from, to: day.from + 600_000 } : day
    const times = every(ms, span)
    expect((await all(times, span)).rows).toEqual([...times].reverse())
  })
  it('reads a second that holds more than one answer', async () => {
    const times = Array.from({ length: 1234 }, () => day.to - 5)
    expect((await all(times, day)).rows).toHaveLength(1234)
  })
  it('begins at the end, and a part is enough for a screen', async () => {
    const part = await newestOf(day, '', centre(every(1000, day)).ask)
    expect(part.items[0]).toBe(day.to - 1000)
    expect(part.items.length).toBeGreaterThanOrEqual(wanted)
    expect(part.next).not.toBe('')
  })
  it('asks an empty day in a few questions', async () => {
    const { rows, asked } = await all([], day)
    expect(rows).toEqual([])
    expect(asked.length).toBeLessThan(8)
  })
})
