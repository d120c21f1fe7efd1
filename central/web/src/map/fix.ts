// Where a terminal itself is, by the satellite receiver behind it, and where it heads. Pure.
import type { Device, Latest, Place } from '@/api/types'

export interface Fix {
  sensor: string
  place: Place
  at: number
  // course is degrees from north; undefined while the terminal stands, for then a receiver gives noise.
  course?: number
  // speed is metres a second.
  speed?: number
}

const moves = 1 // metres a second
export const oldMs = 60_000

// fixOf is the newest place of a terminal; undefined when nothing behind it tells one.
export function fixOf(terminal: string, devices: Iterable<Device>, latest: (device: string, property: string) => Latest | undefined): Fix | undefined {
  let best: Fix | undefined
  for (const d of devices) {
    if (d.parent !== terminal || d.kind !== 'sensor') continue
    const [lon, lat] = [latest(d.id, 'lon'), latest(d.id, 'lat')]
    if (!lon || !lat || !Number.isFinite(lon.value) || !Number.isFinite(lat.value)) continue
    const at = Math.min(Date.parse(lon.at), Date.parse(lat.at))
    if (best && best.at >= at) continue
    const [speed, course] = [latest(d.id, 'speed'), latest(d.id, 'course')]
    // A course that is older than the place is of another way.
    const fresh = (l: Latest | undefined) => l !== undefined && Math.abs(Date.parse(l.at) - at) < 10_000
    best = {
      sensor: d.id, place: { lon: lon.value, lat: lat.value }, at,
      ...(speed && fresh(speed) ? { speed: speed.value } : {}),
      ...(course && fresh(course) && fresh(speed) && (speed?.value ?? 0) >= moves ? { course: course.value } : {}),
    }
  }
  return best
}
