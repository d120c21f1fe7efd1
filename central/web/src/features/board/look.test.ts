import { describe, expect, it } from 'vitest'
import { alarmedFirst, covers, peakOf, rainOption, riverOption, trendOf } from './look'

const hour = 3_600_000
const dot = (at: number, value: number) => ({ at, value, min: value, max: value })
const colours = { text: 't', muted: 'm', accent: 'a', grid: 'g', panel: 'p', levels: ['r', 'o', 'y', 'b'] as [string, string, string, string] }

describe('a course', () => {
  it('rises, falls or stands against the hour before, and an old one says nothing', () => {
    const now = 100 * hour
    expect(trendOf([dot(now - hour, 3), dot(now, 3.2)], now, 0.02)).toBe('up')
    expect(trendOf([dot(now - hour, 3), dot(now, 2.9)], now, 0.02)).toBe('down')
    expect(trendOf([dot(now - hour, 3), dot(now, 3.01)], now, 0.02)).toBe('level')
    expect(trendOf([dot(now - 3 * hour, 3), dot(now - 2 * hour, 4)], now, 0.02)).toBe('')
    expect(trendOf([dot(now - 9 * hour, 3), dot(now, 4)], now, 0.02)).toBe('')
    expect(trendOf([dot(now - hour, 3), dot(now, Number.NaN)], now, 0.02)).toBe('')
  })
  it('has its peak where it first was highest', () => {
    expect(peakOf([dot(1, 2), dot(2, 5), dot(3, 5), dot(4, Number.NaN)])?.at).toBe(2)
    expect(peakOf([])).toBeUndefined()
  })
})

describe('a river', () => {
  const words = { level: 'l', warning: 'w', guarantee: 'g', rule: 'r', km: 'km' }
  it('joins fresh values only, and shows the others grey', () => {
    const option = riverOption([{ name: 'a', km: 0, value: 3, text: '3 m', stale: false, warning: 4 }, { name: '<b>', km: 9, value: 2, text: '2 m', stale: true, guarantee: 5, rule: 5.5 }], words, colours)
    expect(option.series.map((s) => s.data.length)).toEqual([1, 1, 1, 1, 1])
    expect(option.yAxis.min).toBeLessThan(2)
    expect(option.yAxis.max).toBeGreaterThan(5)
    expect(option.tooltip.formatter({ data: [9, 2] })).toBe('&lt;b&gt; 2 m')
  })
  it('without any value still has axes', () => {
    const option = riverOption([], words, colours)
    expect([option.yAxis.min, option.yAxis.max]).toEqual([0, 1])
  })
})

describe('rain', () => {
  it('hangs from above and leaves the level its place', () => {
    const option = rainOption({ name: 'l', dots: [dot(1, 2), dot(2, 3)], text: String }, [{ name: 'r', dots: [dot(1, 10)], text: String }], 0, 3, colours)
    expect(option.yAxis[1]).toMatchObject({ inverse: true, max: 30 })
    expect(option.yAxis[0]?.max).toBeGreaterThan(3.5)
  })
})

describe('a division', () => {
  it('covers itself and what lies below', () => {
    expect(covers('320600', '320623')).toBe(true)
    expect(covers('320000', '320623')).toBe(true)
    expect(covers('320623', '320623104')).toBe(true)
    expect(covers('320623000000', '320623104')).toBe(true)
    expect(covers('320623', '320681')).toBe(false)
    expect(covers('320623', undefined)).toBe(false)
  })
})

describe('gauges', () => {
  it('put what is alarmed first, the gravest before the rest, and keep their order otherwise', () => {
    const named = (name: string, level?: number) => ({ name, alarm: level ? { level } : undefined })
    expect(alarmedFirst([named('a'), named('b', 3), named('c'), named('d', 1), named('e', 3)]).map((k) => k.name).join('')).toBe('dbeac')
  })
})
