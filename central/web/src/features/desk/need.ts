// What needs somebody at the desk, in one order by the clock: alarms, reports that came or came back, what is due, tasks,
// what lies in the inbox, consultations to which the desk is asked, and terminals that are not heard of. Pure.
import type { Alarm, Device } from '@/api/types'
import type { components } from '@/api/schema'
import type { Due } from '@/features/handover/useDue'
import type { Hop, Task } from '@/features/report/types'
import { byNeed, calls } from '@/features/telemetry/alarm'

export type Item = components['schemas']['IntakeItem']
export type Asked = components['schemas']['ConsultListed']

// A need is one thing with where it comes from. by is when it has to be moved on; what waits for nobody's clock has
// been due since it came.
export interface Need {
  key: string
  by: number
  alarm?: Alarm
  lost?: Device
  due?: Due
  hop?: Hop // came from below
  returned?: Hop // came back from above
  task?: Task // to be done here, or answered and to be closed here
  item?: Item
  room?: Asked // a consultation to which the desk, or whoever sits at it, is asked
  below?: boolean
}

// Work is what lies at the own desk beside alarms and devices. loaded is false until it is known.
export interface Work {
  loaded: boolean
  clocks: readonly Due[]
  hops: readonly Hop[]
  returned: readonly Hop[]
  tasks: readonly Task[]
  items: readonly Item[]
  rooms: readonly Asked[]
}

export const noWork: Work = { loaded: false, clocks: [], hops: [], returned: [], tasks: [], items: [], rooms: [] }

// comesAndGoes is a camera behind no terminal, sent by a phone or a program by a link: that it does not send is no loss.
export const comesAndGoes = (d: Device): boolean => d.kind === 'camera' && !d.parent

// lostDevices are those that speak to the centre themselves and are not heard of, the longest first. One
// whose silence is an alarm already is not said twice.
export function lostDevices(devices: Iterable<Device>, alarms: readonly Alarm[]): Device[] {
  const alarmed = new Set(alarms.filter((a) => a.state !== 'cleared').map((a) => a.device))
  return [...devices]
    .filter((d) => !d.parent && !comesAndGoes(d) && d.state === 'offline' && d.last_seen && !alarmed.has(d.id))
    .sort((a, b) => Date.parse(a.last_seen ?? '') - Date.parse(b.last_seen ?? '') || a.id.localeCompare(b.id))
}

// tasksOf leaves, of the tasks on the board, those that a desk has to move on: done by it, or answered and to be closed.
export function tasksOf(board: readonly Task[], org: string | undefined, may: { do: boolean; close: boolean }): Task[] {
  return board.filter((k) => (may.do && k.to_org === org && ['given', 'taken', 'sent_back'].includes(k.state)) || (may.close && k.from_org === org && k.state === 'answered'))
}

// askedAt is when a desk was asked into a room, last.
export const askedAt = (r: Asked): number => Math.max(...(r.asked ?? []).map((i) => Date.parse(i.at)))

// writtenOf is the clock by which a report that came back has to go again.
const writtenOf = (h: Hop, clocks: readonly Due[]): Due | undefined => clocks.find((c) => c.kind === 'report.written' && c.owner.id === `${h.incident_id} ${h.from_org}`)

// workNeeds are the needs of the own desk. What a returned report or a task says already, its clock does not say again.
function workNeeds(work: Work): Need[] {
  const said = new Set([...work.returned.flatMap((h) => writtenOf(h, work.clocks)?.id ?? []), ...work.clocks.filter((c) => c.kind === 'report.task' && work.tasks.some((k) => k.id === c.owner.id)).map((c) => c.id)])
  return [
    ...work.hops.map((hop): Need => ({ key: `hop ${hop.id}`, by: Date.parse(hop.submitted_at), hop })),
    ...work.returned.map((returned): Need => ({ key: `returned ${returned.id}`, by: Date.parse(writtenOf(returned, work.clocks)?.due_at ?? returned.decided_at ?? ''), returned })),
    ...work.clocks.filter((c) => !said.has(c.id)).map((due): Need => ({ key: `due ${due.id}`, by: Date.parse(due.due_at), due })),
    ...work.tasks.map((task): Need => ({ key: `task ${task.id} ${task.state}`, by: Date.parse(task.due_at), task })),
    ...work.items.map((item): Need => ({ key: `item ${item.id}`, by: Date.parse(item.received_at), item })),
    ...work.rooms.map((room): Need => ({ key: `room ${room.id}`, by: askedAt(room), room })),
  ]
}

// byClock orders by time left. What is over counts as now: of that the graver first, then those who wait in a room for
// the desk, then what has waited longest. A red or orange alarm waits for no clock.
function byClock(needs: readonly Need[], now: number): Need[] {
  const grave = (n: Need) => Math.min(n.alarm?.level ?? n.hop?.level ?? n.returned?.level ?? 9, 9) || 9
  const left = (n: Need) => (n.alarm?.state === 'open' && n.alarm.level <= 2 ? 0 : Math.max(0, n.by - now))
  const weight = (n: Need) => (left(n) === 0 && grave(n) <= 2 ? grave(n) : n.room ? 3 : 4)
  return [...needs].sort((a, b) => left(a) - left(b) || weight(a) - weight(b) || a.by - b.by || a.key.localeCompare(b.key))
}

// needsOf puts first, by the clock, all that somebody has to move on, alarms whose cause has ended among it while they
// will still climb; then those that only want a signature, lost terminals, and what somebody has taken; last what waits and a desk below handles.
export function needsOf(devices: Iterable<Device>, alarms: Iterable<Alarm>, work: Work = noWork, now = 0, below: (alarm: Alarm) => boolean = () => false): Need[] {
  const all = byNeed(alarms)
  const climbs = (a: Alarm) => a.state !== 'open' && Number.isFinite(Date.parse(a.escalate_at ?? ''))
  const rows = (list: Alarm[], more?: Partial<Need>): Need[] => list.map((alarm) => ({ key: alarm.id, by: Date.parse((climbs(alarm) && alarm.escalate_at) || (alarm.late_at ?? alarm.opened_at)), alarm, ...more }))
  const theirs = all.filter((a) => calls(a) && below(a))
  const ours = all.filter((a) => calls(a) && !below(a))
  const lost = lostDevices(devices, all).map((device): Need => ({ key: `lost ${device.id}`, by: Date.parse(device.last_seen ?? ''), lost: device }))
  return [
    ...byClock([...rows(ours.filter((a) => a.state === 'open' || climbs(a))), ...workNeeds(work)], now),
    ...rows(ours.filter((a) => a.state !== 'open' && !climbs(a))), ...lost, ...rows(all.filter((a) => !calls(a))), ...rows(theirs, { below: true }),
  ]
}

// open tells what still has to be done from what is only shown.
export function open(need: Need): boolean {
  return need.alarm ? calls(need.alarm) && !need.below : true
}

// arrivals name what a desk hears once when it comes: an item in the inbox, a task that was given, sent back, urged or
// answered, a report that came back, an invitation to a consultation.
export function arrivals(work: Work): string[] {
  return [
    ...work.items.map((i) => `item ${i.id}`),
    ...work.tasks.filter((k) => k.state !== 'taken' || k.urged > 0).map((k) => `task ${k.id} ${k.state} ${k.urged}`),
    ...work.returned.map((h) => `returned ${h.id}`),
    ...work.rooms.map((r) => `room ${r.id} ${askedAt(r)}`),
  ]
}
