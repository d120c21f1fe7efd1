import { describe, expect, it } from 'vitest'
import { dayOf } from './line'
import { beginOf, framed, spanOf } from './sitting'
import type { RecordedCamera, RecordingSitting } from '@/api/types'

const noon = new Date(2026, 10, 24, 12).getTime()
const minute = 60_000
const iso = (at: number) => new Date(at).toISOString()
const sitting: RecordingSitting = {
  id: 'a', title: '管涌会商', from: iso(noon), to: iso(noon + 20 * minute),
  streams: [{ stream: 's0', names: ['周岚'], seat: true }, { stream: 's1', names: ['陈工'], seat: true }, { stream: 's2', names: ['王海'], seat: true }, { stream: 'cam', names: ['外闸'], seat: false }],
}
const camera = (stream: string, first?: number) => ({ stream, first: first === undefined ? undefined : iso(first) }) as RecordedCamera

describe('a consultation in the recordings', () => {
  it('has its time, which grows while it is recorded', () => {
    expect(spanOf(sitting, noon)).toEqual({ from: noon, to: noon + 20 * minute })
    expect(spanOf({ ...sitting, to: undefined }, noon + minute).to).toBe(noon + minute)
  })

  it('fills the axis, a minute at least, within one day', () => {
    const w = framed({ from: noon, to: noon + 20 * minute }, noon)
    expect(w.from).toBeLessThan(noon)
    expect(w.to).toBeGreaterThan(noon + 20 * minute)
    expect(w.to - w.from).toBeLessThan(22 * minute)
    expect(framed({ from: noon, to: noon + 5000 }, noon)).toEqual({ from: noon + 2500 - minute / 2, to: noon + 2500 + minute / 2 })
    const day = dayOf(noon)
    const late = framed({ from: day.to - 10 * minute, to: day.to + 30 * minute }, day.to - minute)
    expect(late.to).toBe(day.to)
    expect(late.from).toBeLessThan(day.to - 10 * minute)
  })

  it('begins where those who sat there from the beginning are all seen', () => {
    expect(beginOf(sitting, [camera('s0', noon + 900), camera('s1', noon + 2100), camera('s2', noon + 10 * minute), camera('cam', noon - 60 * minute)])).toBe(noon + 2100)
    expect(beginOf(sitting, [camera('s0')])).toBe(noon)
  })
})
