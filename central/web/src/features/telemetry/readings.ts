// The list of what every series measures now. Pure.
import { latestKey } from '@/api/livestate'
import type { Alarm, Device, Latest, Level, Series } from '@/api/types'
import { isStale } from '@/map/things'

export interface Reading {
  key: string
  device: Device
  series: Series
  latest?: Latest
}

// Standing is a reading as the list of them shows it.
export interface Standing extends Reading {
  // level is that of the worst alarm of the series, 0 without one.
  level: Level | 0
  // silent says that the value is not of now, or that there is none.
  silent: boolean
}

export interface Wish {
  division: string
  class: string
  stand: '' | 'alarmed' | 'silent'
}

// standingsOf adds how each reading stands, and keeps those that are wished for; '' is no wish.
export function standingsOf(all: readonly Reading[], alarms: Iterable<Alarm>, now: number, wish: Wish): Standing[] {
  const levels = new Map<string, Level>()
  for (const a of alarms) {
    const key = latestKey(a.device, a.property)
    const known = levels.get(key)
    if (a.state !== 'cleared' && (!known || a.level < known)) levels.set(key, a.level)
  }
  return all
    .filter((r) => (!wish.division || r.device.division === wish.division) && (!wish.class || r.device.class === wish.class))
    .map((r) => ({ ...r, level: levels.get(r.key) ?? (0 as const), silent: !r.latest || isStale(r.device, r.latest, now) }))
    .filter((r) => !wish.stand || (wish.stand === 'alarmed' ? r.level > 0 : r.silent))
}

// readingsOf lists the series of all devices that match the query; coordinates are no reading.
export function readingsOf(devices: Iterable<Device>, latest: ReadonlyMap<string, Latest>, query: string): Reading[] {
  const wanted = query.trim().toLowerCase()
  const found: Reading[] = []
  for (const device of devices) {
    if (device.state === 'revoked') continue
    for (const series of device.series ?? []) {
      if (series.property === 'lon' || series.property === 'lat') continue
      const text = `${device.name} ${device.name_en ?? ''} ${device.id} ${series.name} ${series.name_en} ${series.property}`.toLowerCase()
      if (!text.includes(wanted)) continue
      const key = latestKey(device.id, series.property)
      found.push({ key, device, series, latest: latest.get(key) })
    }
  }
  return found.sort((a, b) => a.device.name.localeCompare(b.device.name, 'zh-CN', { numeric: true }) || a.series.property.localeCompare(b.series.property))
}

// sensorAddress is the page of one series.
export function sensorAddress(device: string, property: string): string {
  return `/monitor/${encodeURIComponent(device)}/${encodeURIComponent(property)}`
}

// sizeText writes an amount of bytes in the unit that fits it.
export function sizeText(bytes: number): string {
  if (bytes < 1048576) return `${(bytes / 1024).toFixed(1)} KiB`
  return bytes < 1073741824 ? `${(bytes / 1048576).toFixed(1)} MiB` : `${(bytes / 1073741824).toFixed(2)} GiB`
}

// gibText writes an amount of bytes in GiB, as disks are spoken of.
export function gibText(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(1)} GiB`
}
