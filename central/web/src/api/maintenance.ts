// What is being worked on, from the windows that the centre tells of. Pure.
import type { Device, Maintenance } from './types'

// stem is how the codes of a division and of all below it begin; the centre counts the same way.
function stem(code: string): string {
  let s = code
  while (s.length > 6 && s.endsWith('000')) s = s.slice(0, -3)
  while (s.length <= 6 && s.length > 2 && s.endsWith('00')) s = s.slice(0, -2)
  return s
}

// covers reports whether a division is the other or holds it.
export function covers(of: string | undefined, below: string | undefined): boolean {
  return Boolean(of) && (below ?? '').startsWith(stem(of ?? ''))
}

// holds reports whether a window's time is now; what the centre told of it may be of before.
export function holds(w: Maintenance, now: number): boolean {
  return w.span !== undefined && Date.parse(w.span.from) <= now && now < Date.parse(w.span.to)
}

function over(w: Maintenance, device: Device): boolean {
  if (w.target === 'device') return w.subject === device.id
  if (w.target === 'terminal') return w.subject === device.id || w.subject === device.parent
  return w.target === 'class' && w.subject === device.class && covers(w.division, device.division)
}

// workOn finds the window that lies over a device now, of several the one that ends last. Windows over a rule
// lie over no device.
export function workOn(windows: Iterable<Maintenance>, device: Device, now: number): Maintenance | undefined {
  return [...windows].filter((w) => holds(w, now) && over(w, device)).sort((a, b) => Date.parse(b.span?.to ?? '') - Date.parse(a.span?.to ?? ''))[0]
}
