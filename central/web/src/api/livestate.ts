// The live view as plain data: how a message changes it. No socket, no clock: live.ts has those.
import type { Alarm, Device, Latest, LiveMessage, Maintenance, Sent, Stream } from './types'

export interface LiveState {
  devices: Map<string, Device>
  latest: Map<string, Latest>
  alarms: Map<string, Alarm>
  streams: Map<string, Stream>
  // sent is how much of their pictures the sessions of this user get, the newest last.
  sent: Map<string, Sent>
  // windows of maintenance: now, to come, and past.
  windows: Map<string, Maintenance>
  // unseen is what stood before a snapshot of several messages and has not come again yet.
  unseen?: { devices: Set<string>; latest: Set<string> }
}

// sentMost is how many sessions are remembered: more than a page has pictures.
const sentMost = 100

export function latestKey(device: string, property: string): string {
  return `${device}/${property}`
}

// follows reports whether a message may come after seq: a snapshot always, an update only the next one.
export function follows(seq: number, message: LiveMessage): boolean {
  return message.type === 'snapshot' || message.seq === seq + 1
}

// apply changes the state by one message and returns the alarms that are new to it.
export function apply(state: LiveState, message: LiveMessage): Alarm[] {
  const snapshot = message.type === 'snapshot'
  if (snapshot) state.unseen = message.more ? { devices: new Set(state.devices.keys()), latest: new Set(state.latest.keys()) } : undefined
  const whole = snapshot && !message.more
  merge(state.devices, message.devices, (d) => d.id, whole)
  merge(state.latest, message.latest, (l) => latestKey(l.device, l.property), whole)
  see(state, message)
  merge(state.streams, message.streams, (s) => s.id, snapshot)
  for (const s of message.sent ?? []) {
    state.sent.delete(s.session)
    state.sent.set(s.session, s)
  }
  for (const old of [...state.sent.keys()].slice(0, Math.max(0, state.sent.size - sentMost))) state.sent.delete(old)
  merge(state.windows, message.windows, (w) => w.id, snapshot)
  const known = new Set(state.alarms.keys())
  merge(state.alarms, message.alarms, (a) => a.id, snapshot)
  for (const alarm of message.alarms ?? []) {
    if (alarm.state === 'cleared') state.alarms.delete(alarm.id)
  }
  for (const id of message.removed?.devices ?? []) removeDevice(state, id)
  return (message.alarms ?? []).filter((a) => a.state !== 'cleared' && !known.has(a.id))
}

// answered takes an alarm from the answer to what this page did. The live view may have heard more meanwhile: what is
// newer stays, and what has ended does not come back.
export function answered(state: LiveState, alarm: Alarm): void {
  const known = state.alarms.get(alarm.id)
  if (!known || Date.parse(known.updated_at) >= Date.parse(alarm.updated_at)) return
  if (alarm.state === 'cleared') state.alarms.delete(alarm.id)
  else state.alarms.set(alarm.id, alarm)
}

// see crosses off what a message of a longer snapshot has brought, and after the last forgets the rest.
function see(state: LiveState, message: LiveMessage): void {
  const { unseen } = state
  if (!unseen) return
  for (const d of message.devices ?? []) unseen.devices.delete(d.id)
  for (const l of message.latest ?? []) unseen.latest.delete(latestKey(l.device, l.property))
  if (message.more || message.type === 'update') return
  for (const id of unseen.devices) state.devices.delete(id)
  for (const key of unseen.latest) state.latest.delete(key)
  state.unseen = undefined
}

function merge<T>(into: Map<string, T>, items: T[] | undefined | null, key: (item: T) => string, replace: boolean): void {
  if (replace) {
    const keep = new Set((items ?? []).map(key))
    for (const id of [...into.keys()]) if (!keep.has(id)) into.delete(id)
  }
  for (const item of items ?? []) into.set(key(item), item)
}

function removeDevice(state: LiveState, id: string): void {
  state.devices.delete(id)
  state.streams.delete(id)
  for (const key of [...state.latest.keys()]) if (key.startsWith(`${id}/`)) state.latest.delete(key)
}

// Skew follows the difference between this computer's clock and the centre's. The smallest difference
// seen lately is the clocks' own; what a message shows above it is how late it came.
export class Skew {
  private samples: number[] = []

  // add takes one message's times and returns how late it came, in milliseconds.
  add(receivedMs: number, sentMs: number): number {
    const difference = receivedMs - sentMs
    this.samples.push(difference)
    if (this.samples.length > 120) this.samples.shift()
    return difference - this.offset
  }

  // offset is this computer's clock minus the centre's.
  get offset(): number {
    return this.samples.length ? Math.min(...this.samples) : 0
  }
}

// The centre sends something at least so often.
export const heartbeatMs = 4000
// From here on a view is no longer called live without a word.
export const lateMs = 3000

// behind is how late what is shown may be: as late as the last message came, or as long as the centre has
// been silent beyond its own beat.
export function behind(delayMs: number, silentMs: number): number {
  return Math.max(0, delayMs, silentMs - heartbeatMs)
}

// backOff is how long to wait before the nth try to connect again, in milliseconds; spread is 0…1.
export function backOff(tries: number, spread: number): number {
  return Math.min(15_000, 500 * 2 ** Math.min(tries, 6)) * (0.75 + spread / 2)
}
