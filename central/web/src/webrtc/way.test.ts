import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { h264 } from './codec'
import { portOf } from './offer'
import { blocked, follow, keep, NoPath, noWayMs, patienceMs, serversOf, way, type Path } from './way'

// Wire is as much of a browser's connection as is looked at.
class Wire extends EventTarget {
  connectionState: RTCPeerConnectionState = 'new'
  is(state: RTCPeerConnectionState): void {
    this.connectionState = state
    this.dispatchEvent(new Event('connectionstatechange'))
  }
}

describe('the way to the centre', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  function followed(state: RTCPeerConnectionState = 'new') {
    const wire = new Wire()
    wire.connectionState = state
    const told: Path[] = []
    const end = follow(wire as unknown as RTCPeerConnection, (path) => told.push(path))
    return { wire, told, end }
  }

  it('is none when it never comes, although the browser goes on trying', () => {
    const { wire, told } = followed()
    wire.is('connecting')
    vi.advanceTimersByTime(noWayMs - 1)
    expect(told).toEqual([])
    vi.advanceTimersByTime(1)
    expect(told).toEqual(['none'])
    wire.is('connected')
    expect(told).toEqual(['none'])
  })
  it('is none when the browser gives up first', () => {
    const { wire, told } = followed()
    wire.is('connecting')
    wire.is('failed')
    vi.advanceTimersByTime(noWayMs)
    expect(told).toEqual(['none'])
  })
  it('is seen when it came before anybody looked', () => {
    expect(followed('connected').told).toEqual(['up'])
  })
  it('may come back, and is lost when it does not', () => {
    const { wire, told } = followed()
    wire.is('connected')
    vi.advanceTimersByTime(noWayMs)
    wire.is('disconnected')
    vi.advanceTimersByTime(patienceMs - 1)
    wire.is('connecting')
    wire.is('connected')
    vi.advanceTimersByTime(patienceMs)
    expect(told).toEqual(['up', 'down', 'up'])
    wire.is('disconnected')
    wire.is('connecting') // tries again, in vain
    vi.advanceTimersByTime(patienceMs)
    expect(told).toEqual(['up', 'down', 'up', 'down', 'lost'])
  })
  it('says nothing to who looks no longer', () => {
    const { wire, told, end } = followed()
    end()
    wire.is('failed')
    vi.advanceTimersByTime(noWayMs)
    expect(told).toEqual([])
  })
  it('goes around by the relays that the centre named, and anew without when they do not help', () => {
    const named = serversOf([{ urls: ['turn:10.0.0.1:8189?transport=tcp'], username: 'u', credential: 'c' }])
    expect(way()).toEqual([])
    expect(blocked(way(), [])).toBe(false)
    expect(blocked(way(), named)).toBe(true)
    expect(way()).toEqual(named)
    expect(blocked(way(), named)).toBe(false)
    expect(way()).toEqual([])
  })

  it('is made anew by the relays that are asked for, once it is known that there is none', async () => {
    const named = serversOf([{ urls: ['turn:10.0.0.1:8189'], username: 'u', credential: 'c' }])
    const wire = new Wire()
    const told: unknown[] = []
    keep(wire as unknown as RTCPeerConnection, way(), () => Promise.resolve(named), { up: () => told.push('up'), lost: (why) => told.push(why, way()) })
    await vi.advanceTimersByTimeAsync(noWayMs)
    expect(told).toEqual([new NoPath(''), named])
    blocked(way(), named)
  })
  it('is not spoken of when the page has left while relays were asked for', async () => {
    const wire = new Wire()
    const told: unknown[] = []
    const end = keep(wire as unknown as RTCPeerConnection, [], () => Promise.resolve([]), { up: () => told.push('up'), lost: (why) => told.push(why) })
    vi.advanceTimersByTime(noWayMs)
    end()
    await vi.advanceTimersByTimeAsync(0)
    expect(told).toEqual([])
  })
})

it('the port of the centre stands in its answer', () => {
  expect(portOf('v=0\r\na=mid:0\r\na=candidate:1 1 udp 2130706431 10.0.0.1 8189 typ host\r\n')).toBe('8189')
  expect(portOf('v=0\r\n')).toBe('')
})

it('only what the centre passes on is offered', () => {
  const codec = (mimeType: string, sdpFmtpLine?: string): RTCRtpCodec => ({ mimeType, clockRate: 90_000, sdpFmtpLine })
  const all = [codec('video/VP8'), codec('video/H264', 'packetization-mode=0'), codec('video/H264', 'level-asymmetry-allowed=1;packetization-mode=1'), codec('video/rtx')]
  expect(h264({ codecs: all })).toEqual([all[2]])
  expect(h264(null)).toEqual([])
})
