// Where a moving thing was in the last minutes, and which way it goes.
import type { Position } from 'geojson'
import type { Bucket } from '@/api/types'

export const trackMs = 15 * 60_000

export interface Step {
  at: number
  lon: number
  lat: number
}

// joinTrack makes steps of the two series of a position; a time that only one of them has is left out.
export function joinTrack(lon: readonly Bucket[], lat: readonly Bucket[]): Step[] {
  const northing = new Map(lat.map((b) => [b.at, b.last]))
  const steps: Step[] = []
  for (const b of lon) {
    const y = northing.get(b.at)
    if (y !== undefined) steps.push({ at: Date.parse(b.at), lon: b.last, lat: y })
  }
  return steps
}

// extend adds a step and drops what is older than the track is long.
export function extend(steps: readonly Step[], next: Step): Step[] {
  const kept = steps.filter((s) => s.at >= next.at - trackMs && s.at < next.at)
  return [...kept, next]
}

export function lineOf(steps: readonly Step[]): Position[] {
  return steps.map((s) => [s.lon, s.lat])
}

// heading of the last move in degrees from north; undefined while it stands still.
export function heading(steps: readonly Step[]): number | undefined {
  const to = steps.at(-1)
  if (!to) return undefined
  for (let i = steps.length - 2; i >= 0; i--) {
    const from = steps[i] as Step
    const east = (to.lon - from.lon) * Math.cos((to.lat * Math.PI) / 180)
    const north = to.lat - from.lat
    if (Math.hypot(east, north) > 1e-5) return ((Math.atan2(east, north) * 180) / Math.PI + 360) % 360
  }
  return undefined
}
