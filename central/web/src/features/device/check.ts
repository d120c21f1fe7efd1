// What a device may be called. The centre checks again; this tells it while typing.

// idFault is the key of what is wrong with an id, empty when it is good or not yet typed.
export function idFault(id: string): string {
  if (id === '') return ''
  if (id.length > 64) return 'device.id.long'
  if (!/^[a-z0-9]/.test(id)) return 'device.id.begin'
  return /^[a-z0-9_-]+$/.test(id) ? '' : 'device.id.letters'
}

// degrees reads a coordinate; undefined when it is none or outside ±limit.
export function degrees(text: string, limit: number): number | undefined {
  const value = text.trim() === '' ? NaN : Number(text)
  return Number.isFinite(value) && Math.abs(value) <= limit ? value : undefined
}
