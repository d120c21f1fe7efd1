import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { LiveMessage } from './types'

class Socket {
  static last: Socket
  readyState = 1
  said: string[] = []
  onmessage?: (e: { data: string }) => void
  onclose?: () => void
  constructor() {
    Socket.last = this
  }
  send(word: string): void {
    this.said.push(word)
  }
  close(): void {}
}

// asked is how often the page asked the centre for the next part.
const asked = (socket: Socket) => socket.said.filter((word) => word === 'more').length

let seq = 0
function send(message: Partial<LiveMessage>): void {
  seq += 1
  Socket.last.onmessage?.({ data: JSON.stringify({ type: 'update', seq, time: new Date().toISOString(), ...message }) })
}
const device = (id: string) => ({ id }) as NonNullable<LiveMessage['devices']>[number]

describe('a large snapshot', () => {
  beforeEach(() => {
    vi.useFakeTimers()
    vi.stubGlobal('WebSocket', Socket)
    vi.stubGlobal('location', { href: 'http://centre/' })
    vi.resetModules()
    seq = 0
  })
  afterEach(() => {
    vi.unstubAllGlobals()
    vi.useRealTimers()
  })

  async function begun() {
    const live = (await import('./live')).useLive()
    live.start()
    const goOn = live.hold()
    send({ type: 'snapshot', more: true, devices: [device('alarmed')], crowd: { lon: [121], lat: [32], count: [2] } })
    return { live, goOn }
  }

  it('shows its first part at once and asks for the others when the page has drawn it', async () => {
    const { live, goOn } = await begun()
    expect([...live.devices.keys()]).toEqual(['alarmed'])
    expect(live.crowd.value?.count).toEqual([2])
    vi.advanceTimersByTime(1000)
    expect(asked(Socket.last)).toBe(0)
    goOn()
    vi.advanceTimersByTime(10)
    expect(asked(Socket.last)).toBe(1)
    send({ type: 'part', more: true, devices: [device('a')] })
    vi.advanceTimersByTime(10)
    expect(asked(Socket.last)).toBe(2)
    expect(live.ready.value).toBe(false)
    send({ type: 'part', devices: [device('b')] })
    vi.advanceTimersByTime(10)
    expect(asked(Socket.last)).toBe(2)
    expect([...live.devices.keys()]).toEqual(['alarmed', 'a', 'b'])
    expect(live.ready.value).toBe(true)
    expect(live.crowd.value).toBeUndefined()
    send({ devices: [device('c')] })
    expect(live.devices.has('c')).toBe(true)
    live.stop()
  })
  it('takes a new alarm at once while parts wait', async () => {
    const { live } = await begun()
    const rung: string[] = []
    live.onNewAlarm((a) => rung.push(a.id))
    send({ devices: [device('far')], alarms: [{ id: 'x', device: 'far', state: 'open' } as NonNullable<LiveMessage['alarms']>[number]] })
    expect(rung).toEqual(['x'])
    expect([...live.alarms.keys()]).toEqual(['x'])
    expect(live.devices.has('far')).toBe(true)
    expect(live.ready.value).toBe(false)
    expect(live.crowd.value).toBeDefined()
    live.stop()
  })
  it('does not wait for ever for a page that draws nothing', async () => {
    const { live } = await begun()
    vi.advanceTimersByTime(3100)
    expect(asked(Socket.last)).toBe(1)
    live.stop()
  })
  it('asks for nothing when the connection is lost', async () => {
    const { live, goOn } = await begun()
    const old = Socket.last
    live.stop()
    goOn()
    vi.advanceTimersByTime(5000)
    expect(asked(old)).toBe(0)
    expect(live.devices.size).toBe(0)
    expect(live.crowd.value).toBeUndefined()
  })
})

describe('a page that hears alarms', () => {
  beforeEach(() => {
    vi.useFakeTimers()
    vi.stubGlobal('WebSocket', Socket)
    vi.stubGlobal('location', { href: 'http://centre/' })
    vi.resetModules()
    seq = 0
  })
  afterEach(() => {
    vi.unstubAllGlobals()
    vi.useRealTimers()
  })

  it('says so with each message, and at once that it hears no longer', async () => {
    const live = (await import('./live')).useLive()
    live.start()
    send({ type: 'snapshot', desks: [] })
    expect(Socket.last.said).toEqual([])
    live.hears(true)
    live.hears(true)
    send({ desks: ['320623'] })
    expect(live.desks.value).toEqual(['320623'])
    live.hears(false)
    send({})
    expect(Socket.last.said).toEqual(['hears', 'hears', 'deaf'])
    live.stop()
    expect(live.desks.value).toEqual([])
  })
})
