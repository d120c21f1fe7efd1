import { describe, expect, it } from 'vitest'
import { bytesOf, DataMeter, dataText } from './meter'

describe('the data that sending costs', () => {
  it('adds up over sessions and a reload', () => {
    const m = new DataMeter(1000)
    expect(m.session(50)).toBe(1050)
    expect(m.session(80)).toBe(1080)
    expect(m.session(10)).toBe(1090)
    expect(m.total).toBe(1090)
    expect(new DataMeter(Number.NaN).total).toBe(0)
  })

  it('is that of the transports, both ways', () => {
    const report = new Map<string, unknown>([
      ['a', { type: 'transport', bytesSent: 700, bytesReceived: 30 }],
      ['b', { type: 'outbound-rtp', bytesSent: 650 }],
    ])
    expect(bytesOf(report as unknown as RTCStatsReport)).toBe(730)
  })

  it('is told as a bill tells it', () => {
    expect(dataText(0)).toBe('0.0 MB')
    expect(dataText(12_345_678)).toBe('12.3 MB')
    expect(dataText(2_340_000_000)).toBe('2.34 GB')
  })
})
