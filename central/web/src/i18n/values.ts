// Measured values as text: numbers with their digits, units as people write them.

const units: Record<string, string> = {
  '%{LEL}': '%LEL',
  '[ppm]': 'ppm',
  Cel: '°C',
  deg: '°',
  'ug/m3': 'µg/m³',
  'mg/m3': 'mg/m³',
  'm3/s': 'm³/s',
  'm3/h': 'm³/h',
  'mm/h': 'mm/h',
  m2: 'm²',
  m3: 'm³',
  '1': '',
}

// unitText turns a UCUM unit into what is printed.
export function unitText(unit: string): string {
  return units[unit] ?? unit.replaceAll(/[{}[\]]/g, '')
}

export function numberText(value: number, digits?: number): string {
  if (!Number.isFinite(value)) return '–'
  return value.toFixed(digits ?? usualDigits(value))
}

function usualDigits(value: number): number {
  const size = Math.abs(value)
  if (Number.isInteger(value) && size < 1e6) return 0
  if (size >= 100) return 0
  return size >= 10 ? 1 : 2
}

// distance is how far it is in a straight line: to 10 m below 1 km, for nobody knows a place better.
export function distance(metres: number): string {
  const tens = Math.max(1, Math.round(metres / 10))
  return tens < 100 ? `${String(tens * 10)} m` : `${(metres / 1000).toFixed(1)} km`
}

export function valueText(value: number, unit: string, digits?: number): string {
  const written = unitText(unit)
  const gap = written === '' || written === '%' || written === '°' ? '' : ' '
  return numberText(value, digits) + gap + written
}
