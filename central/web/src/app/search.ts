// What Ctrl K finds: pages, devices, places and people, each with where it leads.
import type { Device, Place, User } from '@/api/types'
import { sensorAddress } from '@/features/telemetry/readings'
import { find, type Hit } from '@/map/search'

export interface Target {
  key: string
  kind: 'page' | 'incident' | 'plan' | 'device' | 'camera' | 'series' | 'place' | 'person'
  name: string
  about: string
  to: string
}

export interface PageName {
  key: string
  name: string
  to: string
}

function has(text: string, query: string): boolean {
  return text.toLowerCase().includes(query)
}

export function mapAddress(place: Place, zoom: number): string {
  return `/map?at=${place.lat.toFixed(5)},${place.lon.toFixed(5)},${zoom}`
}

export function pageTargets(query: string, pages: readonly PageName[]): Target[] {
  return pages.filter((p) => has(p.name, query)).map((p) => ({ key: `page ${p.key}`, kind: 'page', name: p.name, about: '', to: p.to }))
}

export function deviceTargets(query: string, devices: Iterable<Device>, most: number, named: (zh: string, en?: string) => string): Target[] {
  const found: Target[] = []
  if (!query) return found
  for (const d of devices) {
    if (found.length >= most) break
    if (!has(`${d.name} ${d.name_en ?? ''} ${d.id}`, query)) continue
    const camera = d.kind === 'camera'
    found.push({ key: `device ${d.id}`, kind: camera ? 'camera' : 'device', name: named(d.name, d.name_en), about: d.id, to: camera ? `/video?stream=${encodeURIComponent(d.id)}` : `/map?sel=${encodeURIComponent(d.id)}` })
  }
  return found
}

// seriesTargets are the pages of what devices measure; coordinates have none.
export function seriesTargets(query: string, devices: Iterable<Device>, most: number, named: (zh: string, en?: string) => string): Target[] {
  const found: Target[] = []
  if (!query) return found
  for (const d of devices) {
    for (const s of d.series ?? []) {
      if (found.length >= most) return found
      if (s.property === 'lon' || s.property === 'lat' || !has(`${d.name} ${d.name_en ?? ''} ${d.id} ${s.name} ${s.name_en} ${s.property}`, query)) continue
      found.push({ key: `series ${d.id}/${s.property}`, kind: 'series', name: `${named(d.name, d.name_en)} ${named(s.name, s.name_en) || s.property}`, about: s.property, to: sensorAddress(d.id, s.property) })
    }
  }
  return found
}

export function placeTargets(query: string, gazetteer: readonly Hit[], english: boolean): Target[] {
  return find(query, gazetteer).map((hit) => ({
    key: hit.key,
    kind: 'place',
    name: english ? hit.name_en : hit.name,
    about: english ? hit.within_en : hit.within,
    to: mapAddress(hit.place, hit.rough ? 10 : 13),
  }))
}

export function incidentTargets(list: readonly { id: string; no: string; title: string }[]): Target[] {
  return list.map((i) => ({ key: `incident ${i.id}`, kind: 'incident', name: i.title, about: i.no, to: `/incident/${i.id}` }))
}

export function planTargets(list: readonly { id: string; name: string; name_en: string; number?: string }[], named: (zh: string, en?: string) => string): Target[] {
  return list.map((p) => ({ key: `plan ${p.id}`, kind: 'plan', name: named(p.name, p.name_en), about: p.number ?? '', to: `/plan/${p.id}` }))
}

export function personTargets(users: readonly User[]): Target[] {
  return users.map((u) => ({ key: `person ${u.id}`, kind: 'person', name: u.name, about: u.org_name, to: `/more/users?q=${encodeURIComponent(u.username)}` }))
}
