// The live view of the centre: one socket for the whole console, a snapshot and then increments.
// Everything shown as "now" comes from here; when the socket is silent, connected says so.
import { ref, shallowReactive, shallowRef, type Ref } from 'vue'
import { prefix, sessionStands } from './client'
import { apply, backOff, follows, heartbeatMs, Skew, type LiveState } from './livestate'
import type { Alarm, Health, LiveMessage } from './types'

// After this silence the connection is taken for dead and opened anew.
const silenceMs = 3 * heartbeatMs

export interface Live extends LiveState {
  connected: Ref<boolean>
  // ready is true once a whole snapshot has come, also while the connection is down afterwards.
  ready: Ref<boolean>
  // health is how the store of readings did when that last changed; undefined for who may not see it.
  health: Ref<Health | undefined>
  // duty is when who is on duty, or a roster, last changed; what shows it asks again.
  duty: Ref<string>
  // delayMs is how much later than the fastest message lately the last one came.
  delayMs: Ref<number>
  lastMessageAt: Ref<number>
  // now is the centre's clock as this computer knows it.
  now: () => number
  start: () => void
  stop: () => void
  // onNewAlarm calls back for each alarm that appears after the first snapshot; returns how to end it.
  onNewAlarm: (handler: (alarm: Alarm) => void) => () => void
}

const state: LiveState = {
  devices: shallowReactive(new Map()),
  latest: shallowReactive(new Map()),
  alarms: shallowReactive(new Map()),
  streams: shallowReactive(new Map()),
  windows: shallowReactive(new Map()),
}
const connected = ref(false)
const ready = ref(false)
const health = shallowRef<Health>()
const duty = ref('')
const delayMs = ref(0)
const lastMessageAt = ref(0)
const handlers = new Set<(alarm: Alarm) => void>()
let skew = new Skew()
let socket: WebSocket | undefined
let seq = 0
let tries = 0
let wanted = false
let retry: ReturnType<typeof setTimeout> | undefined
let watch: ReturnType<typeof setTimeout> | undefined

function receive(message: LiveMessage): void {
  if (!follows(seq, message)) {
    reconnect(0)
    return
  }
  seq = message.seq
  tries = 0
  const received = Date.now()
  delayMs.value = Math.round(skew.add(received, Date.parse(message.time)))
  lastMessageAt.value = received
  if (message.health || message.type === 'snapshot') health.value = message.health
  if (message.duty || message.type === 'snapshot') duty.value = message.duty ?? message.time
  const fresh = apply(state, message)
  connected.value = true
  if (ready.value) for (const alarm of fresh) for (const handler of handlers) handler(alarm)
  if (!message.more) ready.value = true
  guardSilence()
}

function guardSilence(): void {
  clearTimeout(watch)
  watch = setTimeout(() => reconnect(0), silenceMs)
}

function open(): void {
  if (!wanted) return
  const address = new URL(`${prefix}/live`, location.href)
  address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:'
  const mine = new WebSocket(address)
  socket = mine
  guardSilence()
  mine.onmessage = (e: MessageEvent<string>) => {
    if (socket === mine) receive(JSON.parse(e.data) as LiveMessage)
  }
  mine.onclose = () => {
    if (socket === mine) reconnect(backOff(tries, Math.random()))
  }
}

function close(): void {
  clearTimeout(retry)
  clearTimeout(watch)
  const old = socket
  socket = undefined
  seq = 0
  connected.value = false
  if (old) {
    old.onclose = null
    old.onmessage = null
    old.close()
  }
}

function reconnect(afterMs: number): void {
  close()
  if (!wanted) return
  tries += 1
  retry = setTimeout(() => void tryAgain(), afterMs)
}

// A refused socket does not say why; the session does: if it is gone, the person has to sign in again.
async function tryAgain(): Promise<void> {
  if (tries > 1 && !(await sessionStands())) {
    stop()
    return
  }
  open()
}

function start(): void {
  if (wanted) return
  wanted = true
  tries = 0
  skew = new Skew()
  open()
}

// stop ends the live view and forgets what it showed: the next person may see something else.
function stop(): void {
  wanted = false
  close()
  ready.value = false
  health.value = undefined
  state.devices.clear()
  state.latest.clear()
  state.alarms.clear()
  state.streams.clear()
  state.windows.clear()
}

globalThis.addEventListener?.('online', () => {
  if (wanted && !connected.value) reconnect(0)
})

const live: Live = {
  ...state,
  connected,
  ready,
  health,
  duty,
  delayMs,
  lastMessageAt,
  now: () => Date.now() - skew.offset,
  start,
  stop,
  onNewAlarm(handler) {
    handlers.add(handler)
    return () => handlers.delete(handler)
  },
}

export function useLive(): Live {
  return live
}
