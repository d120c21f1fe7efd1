// Which cameras stand near a place. Pure.
import type { Device, Place } from '@/api/types'
import { metres, rad } from '@/map/distance'

export interface Near {
  camera: Device
  metres: number
  // bearing from the place to the camera, in degrees from north.
  bearing: number
}

// nearMetres is how far a camera may be to be shown: beyond it nobody recognises anything.
export const nearMetres = 5000
export function bearing(a: Place, b: Place): number {
  const lon = rad(b.lon - a.lon)
  const y = Math.sin(lon) * Math.cos(rad(b.lat))
  const x = Math.cos(rad(a.lat)) * Math.sin(rad(b.lat)) - Math.sin(rad(a.lat)) * Math.cos(rad(b.lat)) * Math.cos(lon)
  return ((Math.atan2(y, x) * 180) / Math.PI + 360) % 360
}

// eighth names one of the eight directions: n, ne, e, …
export function eighth(degrees: number): string {
  return ['n', 'ne', 'e', 'se', 's', 'sw', 'w', 'nw'][Math.round(degrees / 45) % 8] ?? 'n'
}

// nearest lists the cameras within nearMetres, the nearest first, at most so many.
export function nearest(devices: Iterable<Device>, from: Place, most: number): Near[] {
  return [...devices]
    .filter((d) => d.kind === 'camera' && d.state !== 'revoked')
    .flatMap((camera) => (camera.place ? [{ camera, metres: metres(from, camera.place), bearing: bearing(from, camera.place) }] : []))
    .filter((n) => n.metres <= nearMetres)
    .sort((a, b) => a.metres - b.metres || a.camera.id.localeCompare(b.camera.id))
    .slice(0, most)
}
