// A sensor that is added to the configuration of a terminal: what the form asks, and what comes of it. Pure.
import type { components } from '@/api/schema'

export type DeviceKind = components['schemas']['DeviceKind']

// Fields is the form as it is typed.
export interface Fields {
  id: string
  name: string
  name_en: string
  address: string
  baud: number
  unit: string
  station: string
  secret: string
  every: string
  lon: string
  lat: string
}

export type Document = Record<string, unknown> & { sensors?: Record<string, unknown>[]; serial?: Record<string, unknown>[] }

// addressKind is what the address of a kind of device is: of the network, to listen on, a serial port, or a folder.
export function addressKind(kind: DeviceKind): 'network' | 'listen' | 'serial' | 'path' {
  for (const need of ['serial', 'listen', 'path'] as const) if (kind.needs?.includes(need)) return need
  return 'network'
}

export function asks(kind: DeviceKind, need: 'unit' | 'station' | 'secret' | 'secret_if'): boolean {
  return kind.needs?.includes(need) ?? false
}

export const asksSecret = (kind: DeviceKind): boolean => asks(kind, 'secret') || asks(kind, 'secret_if')

// matching are the kinds that a search finds, by words of name, class, vendor and protocol.
export function matching(kinds: readonly DeviceKind[], query: string, className: (c: string) => string): DeviceKind[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean)
  return kinds.filter((k) => {
    const text = `${k.id} ${k.name} ${k.name_en} ${k.vendor} ${k.model} ${k.class} ${className(k.class)} ${k.protocol}`.toLowerCase()
    return words.every((w) => text.includes(w))
  })
}

// idFor is a free id for a new sensor of a terminal: its own name without "edge-", the class, a number.
export function idFor(edge: string, kind: DeviceKind, taken: ReadonlySet<string>): string {
  const stem = `${edge.replace(/^edge-/, '')}-${kind.class.replaceAll('_', '-')}`.slice(0, 58)
  let n = 1
  while (taken.has(`${stem}-${n}`)) n += 1
  return `${stem}-${n}`
}

export const duration = /^([0-9]+(\.[0-9]+)?(ms|s|m|h))+$/
// A file of the folder secrets beside edge.yml; the agent opens no other by order of the centre.
const secretFile = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/
export const hostPort = /^(\[[0-9a-fA-F:]+\]|[A-Za-z0-9._-]+):\d{1,5}$/

// wrongField names the first field that cannot be, '' when all is well.
export function wrongField(kind: DeviceKind, f: Fields, taken: ReadonlySet<string>): '' | 'id' | 'taken' | 'address' | 'unit' | 'station' | 'secret' | 'every' | 'place' {
  if (!/^[a-z0-9][a-z0-9_-]{0,63}$/.test(f.id)) return 'id'
  if (taken.has(f.id)) return 'taken'
  const address = f.address.trim()
  const fits = { network: hostPort.test(address), listen: /^:\d{1,5}$/.test(address), serial: /^\/dev\/\S+$/.test(address), path: /^\/\S+$/.test(address) }[addressKind(kind)]
  if (!fits) return 'address'
  const port = /:(\d+)$/.exec(address)
  if (port && !address.startsWith('/') && (Number(port[1]) < 1 || Number(port[1]) > 65_535)) return 'address'
  if (asks(kind, 'unit') && !(/^\d+$/.test(f.unit) && Number(f.unit) <= 255)) return 'unit'
  if (asks(kind, 'station') && !f.station.trim()) return 'station'
  if (asksSecret(kind) && (f.secret || asks(kind, 'secret')) && !secretFile.test(f.secret)) return 'secret'
  if (f.every && !duration.test(f.every)) return 'every'
  const [lon, lat] = [Number(f.lon), Number(f.lat)]
  if ((f.lon === '') !== (f.lat === '') || !(Math.abs(lon) <= 180 && Math.abs(lat) <= 90)) return 'place'
  return ''
}

// withSensor is the document with the new sensor, and with its serial line when that is not in it yet. What
// is left empty is left out, so that the profile decides.
export function withSensor(document: Document, kind: DeviceKind, f: Fields): Document {
  const address = f.address.trim()
  const sensor: Record<string, unknown> = { id: f.id, profile: kind.id, address }
  if (f.name.trim()) sensor.name = f.name.trim()
  if (f.name_en.trim()) sensor.name_en = f.name_en.trim()
  if (asks(kind, 'unit')) sensor.unit = Number(f.unit)
  if (asks(kind, 'station')) sensor.station = f.station.trim()
  if (asksSecret(kind) && f.secret) sensor.secret_file = f.secret
  if (f.every) sensor.every = f.every
  if (f.lon !== '') sensor.place = { lon: Number(f.lon), lat: Number(f.lat) }
  const serial = document.serial ?? []
  const line = addressKind(kind) === 'serial' && !serial.some((s) => s.port === address) ? [{ port: address, baud: f.baud }] : []
  return { ...document, sensors: [...(document.sensors ?? []), sensor], ...(serial.length + line.length ? { serial: [...serial, ...line] } : {}) }
}
