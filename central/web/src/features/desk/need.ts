// What needs somebody at the desk: alarms, terminals that are not heard of, and what is due. Pure.
import type { Alarm, Device } from '@/api/types'
import type { Due } from '@/features/handover/useDue'
import type { Hop } from '@/features/report/types'
import { byNeed, calls } from '@/features/telemetry/alarm'

export type Need =
  | { key: string; alarm: Alarm; lost?: undefined; due?: undefined; hop?: undefined; below?: boolean }
  | { key: string; lost: Device; alarm?: undefined; due?: undefined; hop?: undefined; below?: undefined }
  | { key: string; due: Due; alarm?: undefined; lost?: undefined; hop?: undefined; below?: undefined }
  | { key: string; hop: Hop; alarm?: undefined; lost?: undefined; due?: undefined; below?: undefined }

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

// needsOf puts what waits for somebody first, then reports from below, then what is due, then lost terminals, then what somebody has
// taken; last, of what waits, that which a desk below handles.
export function needsOf(devices: Iterable<Device>, alarms: Iterable<Alarm>, clocks: readonly Due[] = [], below: (alarm: Alarm) => boolean = () => false, hops: readonly Hop[] = []): Need[] {
  const all = byNeed(alarms)
  const theirs = (a: Alarm) => calls(a) && below(a)
  const ordered = all.filter((a) => !theirs(a))
  const rows = (list: Alarm[]): Need[] => list.map((alarm) => ({ key: alarm.id, alarm }))
  const lost = lostDevices(devices, all).map((device): Need => ({ key: `lost ${device.id}`, lost: device }))
  const due = clocks.map((clock): Need => ({ key: `due ${clock.id}`, due: clock }))
  const reports = hops.map((hop): Need => ({ key: `hop ${hop.id}`, hop }))
  return [...rows(ordered.filter(calls)), ...reports, ...due, ...lost, ...rows(ordered.filter((a) => !calls(a))), ...all.filter(theirs).map((alarm): Need => ({ key: alarm.id, alarm, below: true }))]
}

// open tells what still has to be done from what is only shown.
export function open(need: Need): boolean {
  return need.alarm ? calls(need.alarm) && !need.below : true
}
