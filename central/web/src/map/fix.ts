// Where a terminal itself is, by the satellite receiver behind it, and where it heads. Pure.
import type { Device, Latest, Place } from '@/api/types'

export interface Fix {
  sensor: string
  place: Place
  at: number
  // heading is where it points, in degrees from north, by a compass; it holds while the terminal stands as well.
  heading?: number
  // course is where it goes; undefined while the terminal stands, for then a receiver gives noise.
  course?: number
  // speed is metres a second.
  speed?: number
}

const moves = 1 // metres a second
export const oldMs = 60_000

type Told = (device: string, property: string) => Latest | undefined

// fixFrom is what a receiver tells; undefined when it tells no place.
export function fixFrom(sensor: string, latest: Told): Fix | undefined {
  const [lon, lat] = [latest(sensor, 'lon'), latest(sensor, 'lat')]
  if (!lon || !lat || !Number.isFinite(lon.value) || !Number.isFinite(lat.value)) return undefined
  const at = Math.min(Date.parse(lon.at), Date.parse(lat.at))
  const [speed, course, heading] = [latest(sensor, 'speed'), latest(sensor, 'course'), latest(sensor, 'heading')]
  // A course that is older than the place is of another way.
  const fresh = (l: Latest | undefined) => l !== undefined && Math.abs(Date.parse(l.at) - at) < 10_000
  return {
    sensor, place: { lon: lon.value, lat: lat.value }, at,
    ...(heading && fresh(heading) ? { heading: heading.value } : {}),
    ...(speed && fresh(speed) ? { speed: speed.value } : {}),
    ...(course && fresh(course) && fresh(speed) && (speed?.value ?? 0) >= moves ? { course: course.value } : {}),
  }
}

// fixOf is the newest place of a terminal; undefined when nothing behind it tells one.
export function fixOf(terminal: string, devices: Iterable<Device>, latest: Told): Fix | undefined {
  let best: Fix | undefined
  for (const d of devices) {
    if (d.parent !== terminal || d.kind !== 'sensor') continue
    const fix = fixFrom(d.id, latest)
    if (fix && (!best || fix.at > best.at)) best = fix
  }
  return best
}

// pointsTo is the way an arrow for it points: its bow, or where it goes when nothing tells that.
export const pointsTo = (fix: Fix): number | undefined => fix.heading ?? fix.course
