// The live view of the centre: one socket for the whole console, a snapshot and then increments.
// Everything shown as "now" comes from here; when the socket is silent, connected says so.
import { ref, shallowReactive, shallowRef, type Ref, type ShallowRef } from 'vue'
import { prefix, sessionStands } from './client'
import { apply, backOff, follows, heartbeatMs, Skew, type LiveState } from './livestate'
import type { Alarm, Crowd, Health, LiveMessage } from './types'

// After this silence the connection is taken for dead and opened anew.
const silenceMs = 3 * heartbeatMs
// A page that draws a large snapshot's first part keeps the others waiting no longer than this. They wait at the centre,
// so that nothing else has to.
const holdMs = 3000

export interface Live extends LiveState {
  connected: Ref<boolean>
  // ready is true once a whole snapshot has come, also while the connection is down afterwards.
  ready: Ref<boolean>
  // crowd is where the devices stand that have yet to come with the first snapshot; undefined once it is whole.
  crowd: ShallowRef<Crowd | undefined>
  // health is how the store of readings did when that last changed; undefined for who may not see it.
  health: Ref<Health | undefined>
  // desk is when clocks or the log of a duty desk last changed; what shows them asks again.
  desk: Ref<string>
  // duty is when who is on duty, or a roster, last changed; what shows it asks again.
  duty: Ref<string>
  // cases is when the inbox, incidents or reports last changed; what shows them asks again.
  cases: Ref<string>
  // rules is when rules or their exceptions last changed; what shows them asks again.
  rules: Ref<string>
  // steer is when it last changed who turns which camera; what shows it asks again.
  steer: Ref<string>
  // talk is when it last changed who speaks to which scene; what shows it asks again.
  talk: Ref<string>
  // unkept is that nothing is recorded, whatever is to be: the disk of recordings is full.
  unkept: Ref<boolean>
  // rooms is when consultations, or invitations to them, last changed; what shows them asks again.
  rooms: Ref<string>
  // crew is when it last changed what became of messages to scenes; what shows them asks again.
  crew: Ref<string>
  // desks are the divisions at which somebody hears alarms who can take them.
  desks: Ref<string[]>
  // hears tells the centre whether this page rings for alarms now.
  hears: (now: boolean) => void
  // delayMs is how much later than the fastest message lately the last one came.
  delayMs: Ref<number>
  lastMessageAt: Ref<number>
  // now is the centre's clock as this computer knows it.
  now: () => number
  start: () => void
  stop: () => void
  // hold keeps the later parts of a large first snapshot until the page has drawn the first; returns how to go on.
  hold: () => () => void
  // onNewAlarm calls back for each alarm that appears after the first snapshot; returns how to end it.
  onNewAlarm: (handler: (alarm: Alarm) => void) => () => void
}

const state: LiveState = {
  devices: shallowReactive(new Map()),
  latest: shallowReactive(new Map()),
  alarms: shallowReactive(new Map()),
  streams: shallowReactive(new Map()),
  sent: shallowReactive(new Map()),
  windows: shallowReactive(new Map()),
}
const connected = ref(false)
const ready = ref(false)
const crowd = shallowRef<Crowd>()
const health = shallowRef<Health>()
const desk = ref('')
const duty = ref('')
const cases = ref('')
const rules = ref('')
const steer = ref('')
const talk = ref('')
const crew = ref('')
const rooms = ref('')
const unkept = ref(false)
const desks = shallowRef<string[]>([])
const delayMs = ref(0)
const lastMessageAt = ref(0)
const handlers = new Set<(alarm: Alarm) => void>()
let holds = 0
let heldSince = 0
let turn: ReturnType<typeof setTimeout> | undefined
let skew = new Skew()
let socket: WebSocket | undefined
let seq = 0
// hearing is what this page says of itself, again with each message: a page that hangs says it no longer.
let hearing = false
let tries = 0
let wanted = false
let retry: ReturnType<typeof setTimeout> | undefined
let watch: ReturnType<typeof setTimeout> | undefined

// arrive takes a message and asks for the next part of a snapshot when it says that there is one.
function arrive(text: string): void {
  guardSilence()
  if (hearing) say('hears')
  const message = JSON.parse(text) as LiveMessage
  receive(message, Date.now())
  if (!message.more || !socket) return
  heldSince ||= performance.now()
  goOn()
}

function say(word: 'hears' | 'deaf' | 'more'): void {
  if (socket?.readyState === 1) socket.send(word)
}

// goOn asks for the next part when nobody holds any more: reading tens of thousands of devices takes the time in which
// a map would be drawn. In between the page breathes.
function goOn(): void {
  clearTimeout(turn)
  turn = setTimeout(() => {
    turn = undefined
    say('more')
  }, holds > 0 ? Math.max(0, holdMs - (performance.now() - heldSince)) : 0)
}

function forgetParts(): void {
  clearTimeout(turn)
  turn = undefined
  heldSince = 0
}

function receive(message: LiveMessage, received: number): void {
  if (!follows(seq, message)) {
    reconnect(0)
    return
  }
  seq = message.seq
  tries = 0
  delayMs.value = Math.round(skew.add(received, Date.parse(message.time)))
  lastMessageAt.value = received
  if (message.health || message.type === 'snapshot') health.value = message.health
  if (message.desk || message.type === 'snapshot') desk.value = message.desk ?? message.time
  if (message.duty || message.type === 'snapshot') duty.value = message.duty ?? message.time
  if (message.crowd && !ready.value) crowd.value = message.crowd
  if (message.cases || message.type === 'snapshot') cases.value = message.cases ?? message.time
  if (message.rules || message.type === 'snapshot') rules.value = message.rules ?? message.time
  if (message.talk || message.type === 'snapshot') talk.value = message.talk ?? message.time
  if (message.crew || message.type === 'snapshot') crew.value = message.crew ?? message.time
  if (message.unkept !== undefined || message.type === 'snapshot') unkept.value = message.unkept ?? false
  if (message.rooms || message.type === 'snapshot') rooms.value = message.rooms ?? message.time
  if (message.steer || message.type === 'snapshot') steer.value = message.steer ?? message.time
  if (message.desks) desks.value = message.desks
  const fresh = apply(state, message)
  connected.value = true
  if (ready.value || message.type === 'update') for (const alarm of fresh) for (const handler of handlers) handler(alarm)
  if (message.type !== 'update' && !message.more) {
    ready.value = true
    crowd.value = undefined
  }
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
    if (socket === mine) arrive(e.data)
  }
  mine.onclose = () => {
    if (socket === mine) reconnect(backOff(tries, Math.random()))
  }
}

function close(): void {
  clearTimeout(retry)
  clearTimeout(watch)
  forgetParts()
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
  crowd.value = undefined
  health.value = undefined
  desks.value = []
  state.devices.clear()
  state.latest.clear()
  state.alarms.clear()
  state.streams.clear()
  state.sent.clear()
  state.windows.clear()
}

globalThis.addEventListener?.('online', () => {
  if (wanted && !connected.value) reconnect(0)
})

const live: Live = {
  ...state,
  connected,
  ready,
  crowd,
  health,
  desk,
  duty,
  cases,
  rules,
  steer,
  talk,
  crew,
  rooms,
  unkept,
  desks,
  hears(now) {
    if (hearing === now) return
    hearing = now
    say(now ? 'hears' : 'deaf')
  },
  delayMs,
  lastMessageAt,
  now: () => Date.now() - skew.offset,
  start,
  stop,
  hold() {
    holds += 1
    let held = true
    return () => {
      if (!held) return
      held = false
      holds -= 1
      if (holds === 0 && turn !== undefined) goOn()
    }
  },
  onNewAlarm(handler) {
    handlers.add(handler)
    return () => handlers.delete(handler)
  },
}

export function useLive(): Live {
  return live
}
