import { describe, expect, it } from 'vitest'
import { arrivals, needsOf, noWork, open, tasksOf, type Asked, type Item, type Work } from './need'
import type { Alarm, Device } from '@/api/types'
import { cameBack } from '@/features/handover/running'
import { asking, type Due } from '@/features/handover/useDue'
import type { Hop, Task } from '@/features/report/types'

const at = (minute: number) => new Date(Date.parse('2026-01-01T08:00:00Z') + minute * 60_000).toISOString()
const now = Date.parse(at(0))
const alarm = (id: string, more: Partial<Alarm>) => ({ id, device: id, level: 3, state: 'open', opened_at: at(-60), ...more }) as Alarm
const device = (id: string, more: Partial<Device>) => ({ id, kind: 'edge', state: 'offline', last_seen: at(-60), ...more }) as Device
const clock = (id: string, due: number, more: Partial<Due> = {}) => ({ id, kind: 'report.written', org_id: 'rudong', due_at: at(due), owner: { kind: 'report', id: `i-${id} rudong` }, ...more }) as Due
const task = (id: string, more: Partial<Task> = {}) => ({ id, to_org: 'rudong', from_org: 'city', state: 'given', urged: 0, due_at: at(90), ...more }) as Task
const hop = (id: string, more: Partial<Hop> = {}) => ({ id, incident_id: 'i-fire', from_org: 'rudong', kind: 'up', decision: 'returned', reason: '缺现场负责人', submitted_at: at(-30), decided_at: at(-5), ...more }) as Hop
const room = (id: string, asked: number) => ({ id, title: id, asked: [{ at: at(-90) }, { at: at(asked) }] }) as Asked
const keys = (needs: { key: string }[]) => needs.map((n) => n.key)
const withWork = (work: Partial<Work>): Work => ({ ...noWork, ...work })

describe('needsOf', () => {
  it('puts lost terminals between what waits and what is taken', () => {
    const needs = needsOf([device('t1', {}), device('t0', { last_seen: at(-120) })], [alarm('taken', { state: 'acknowledged', level: 1 }), alarm('waits', {})])
    expect(keys(needs)).toEqual(['waits', 'lost t0', 'lost t1', 'taken'])
    expect(needs.map(open)).toEqual([true, true, true, false])
  })
  it('orders all kinds by the time left, a report at T-10 before alarms that have receded', () => {
    const work = withWork({ clocks: [clock('call', 4, { kind: 'rollcall' }), clock('fire', 10), clock('next', 400, { kind: 'report.follow_up' })], tasks: [task('k')] })
    const alarms = [alarm('receded', { state: 'returned', level: 2, late_at: at(-50) }), alarm('receded too', { state: 'returned' }), alarm('blue', { level: 4, late_at: at(45) }), alarm('red', { level: 1, opened_at: at(-1), late_at: at(2) })]
    expect(keys(needsOf([], alarms, work, now))).toEqual(['red', 'due call', 'due fire', 'blue', 'task k given', 'due next', 'receded', 'receded too'])
  })
  it('has an alarm that has receded and will still climb at the time when it does', () => {
    const alarms = [alarm('climbs', { state: 'returned', level: 2, escalate_at: at(5) }), alarm('rests', { state: 'returned', level: 1 })]
    expect(keys(needsOf([], alarms, withWork({ clocks: [clock('call', 4, { kind: 'rollcall' }), clock('fire', 10)] }), now))).toEqual(['due call', 'climbs', 'due fire', 'rests'])
  })
  it('puts of what is over the graver first, then what has waited longest', () => {
    const work = withWork({ clocks: [clock('old', -300)], items: [{ id: 'tell', received_at: at(-2) } as Item], hops: [hop('h', { decision: '', level: 2, submitted_at: at(-1) })] })
    expect(keys(needsOf([], [], work, now))).toEqual(['hop h', 'due old', 'item tell'])
  })
  it('puts those who wait in a room before what has waited longer, but for what is grave', () => {
    const work = withWork({ items: [{ id: 'tell', received_at: at(-20) } as Item], rooms: [room('r', -1)], hops: [hop('h', { decision: '', level: 2, submitted_at: at(-1) })] })
    expect(keys(needsOf([], [], work, now))).toEqual(['hop h', 'room r', 'item tell'])
    expect(needsOf([], [], work, now).every(open)).toBe(true)
  })
  it('says a report that came back once, by the clock by which it has to go again', () => {
    const needs = needsOf([], [], withWork({ clocks: [clock('fire', 20), clock('other', 10)], returned: [hop('r')] }), now)
    expect(keys(needs)).toEqual(['due other', 'returned r'])
    expect(needs[1]?.by).toBe(Date.parse(at(20)))
  })
  it('says a task once and not its clock beside it', () => {
    const work = withWork({ clocks: [clock('c', 30, { kind: 'report.task', owner: { kind: 'report.task', id: 'k' } }), clock('below', 30, { kind: 'report.task', owner: { kind: 'report.task', id: 'x' } })], tasks: [task('k')] })
    expect(keys(needsOf([], [], work, now))).toEqual(['due below', 'task k given'])
  })
  it('says nothing twice and nothing of what stands behind a terminal', () => {
    const devices = [device('t1', {}), device('camera', { parent: 't1' }), device('t2', { state: 'online' }), device('t3', { state: 'never', last_seen: undefined })]
    expect(keys(needsOf(devices, [alarm('silent', { device: 't1' })]))).toEqual(['silent'])
  })
  it('does not miss the camera of a phone that has stopped sending', () => {
    expect(needsOf([device('phone-1', { kind: 'camera' }), device('gauge', { kind: 'sensor' })], [])).toHaveLength(1)
  })
  it('puts last, and counts not, what waits and a desk below handles', () => {
    const alarms = [alarm('theirs', { level: 2 }), alarm('ours', {}), alarm('taken', { state: 'acknowledged' }), alarm('theirs taken', { state: 'acknowledged' })]
    const needs = needsOf([device('t1', {})], alarms, noWork, now, (a) => a.id.startsWith('theirs'))
    expect(keys(needs)).toEqual(['ours', 'lost t1', 'taken', 'theirs taken', 'theirs'])
    expect(needs.map(open)).toEqual([true, true, false, false, false])
  })
})

describe('what lies at the own desk', () => {
  it('has the clocks of its reports from their beginning, others once they ask it', () => {
    const asked = { org_id: 'rudong' } as Due['asked']
    const clocks = [clock('written', 50), clock('theirs', 5, { org_id: 'qidong' }), clock('handover', 9, { kind: 'handover' }), clock('climbed', 1, { org_id: 'yangkou', asked }), clock('warned', 2, { kind: 'handover', asked })]
    expect(asking(clocks, 'rudong').map((c) => c.id)).toEqual(['climbed', 'warned', 'written'])
  })
  it('has what came back until it was done again', () => {
    const sent = [hop('again', { incident_id: 'i-2', decision: '', submitted_at: at(-1) }), hop('fire'), hop('second', { incident_id: 'i-2' }), hop('taken', { incident_id: 'i-3', decision: 'accepted' })]
    expect(cameBack(sent).map((h) => h.id)).toEqual(['fire'])
  })
  it('has the tasks that it does, and those that it has to close', () => {
    const board = [task('do'), task('asked', { to_org: 'city', from_org: 'rudong', state: 'given' }), task('close', { to_org: 'city', from_org: 'rudong', state: 'answered' }), task('done', { state: 'answered' })]
    expect(tasksOf(board, 'rudong', { do: true, close: true }).map((k) => k.id)).toEqual(['do', 'close'])
    expect(tasksOf(board, 'rudong', { do: false, close: false })).toEqual([])
  })
  it('is heard when it comes, and again when a task is urged, not when it is taken', () => {
    const heard = (t: Task) => arrivals(withWork({ tasks: [t] }))
    expect(heard(task('k', { state: 'taken' }))).toEqual([])
    expect(heard(task('k', { state: 'taken', urged: 1 }))).not.toEqual(heard(task('k', { state: 'taken', urged: 2 })))
    expect(arrivals(withWork({ rooms: [room('r', -1)] }))).not.toEqual(arrivals(withWork({ rooms: [room('r', 0)] }))) // asked once more
    expect(arrivals(withWork({ items: [{ id: 'tell' } as Item], returned: [hop('r')] }))).toEqual(['item tell', 'returned r'])
  })
})
