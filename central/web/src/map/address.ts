// What the map shows, as it stands in the address: centre, zoom, selection and layers.

export const layerNames = ['sensors', 'cameras', 'terminals', 'mobiles', 'teams', 'houses', 'counties', 'places', 'rivers'] as const
export type LayerName = (typeof layerNames)[number]

export interface View {
  lon: number
  lat: number
  zoom: number
}

export interface Address {
  view?: View
  selected: string
  hidden: LayerName[]
}

type Query = Record<string, unknown>

function text(value: unknown): string {
  const one: unknown = Array.isArray(value) ? value[0] : value
  return typeof one === 'string' ? one : ''
}

// readAddress understands ?at=lat,lon,zoom&sel=device&off=layer,layer and ignores what makes no sense.
export function readAddress(query: Query): Address {
  const off = text(query.off).split(',')
  return { view: readView(text(query.at)), selected: text(query.sel), hidden: layerNames.filter((n) => off.includes(n)) }
}

function readView(at: string): View | undefined {
  const parts = at.split(',')
  const [lat = NaN, lon = NaN, zoom = NaN] = parts.map((p) => (p.trim() === '' ? NaN : Number(p)))
  if (parts.length !== 3 || ![lat, lon, zoom].every(Number.isFinite)) return undefined
  if (Math.abs(lat) > 85 || Math.abs(lon) > 180 || zoom < 0 || zoom > 22) return undefined
  return { lon, lat, zoom }
}

// writeAddress is the query for a state; what is as usual is left out.
export function writeAddress(address: Address): Record<string, string> {
  const query: Record<string, string> = {}
  const { view } = address
  if (view) query.at = `${view.lat.toFixed(5)},${view.lon.toFixed(5)},${Number(view.zoom.toFixed(2))}`
  if (address.selected) query.sel = address.selected
  if (address.hidden.length) query.off = address.hidden.join(',')
  return query
}
