// The words of a map's edge: coordinates and the scale bar.

// coordinateText is 32.53164°N 120.94793°E; five digits are about a metre.
export function coordinateText(lon: number, lat: number): string {
  const part = (v: number, positive: string, negative: string) => `${Math.abs(v).toFixed(5)}°${v < 0 ? negative : positive}`
  return `${part(lat, 'N', 'S')} ${part(lon, 'E', 'W')}`
}

export interface ScaleBar {
  px: number
  text: string
}

// scaleOf picks the longest round distance that fits into the pixels.
export function scaleOf(metersPerPixel: number, most: number): ScaleBar {
  const longest = metersPerPixel * most
  if (!(longest > 0) || !Number.isFinite(longest)) return { px: 0, text: '' }
  const power = 10 ** Math.floor(Math.log10(longest))
  const step = [5, 2, 1].find((n) => n * power <= longest) ?? 1
  const meters = step * power
  return { px: meters / metersPerPixel, text: meters >= 1000 ? `${meters / 1000} km` : `${meters} m` }
}

// metersPerPixel of a Web Mercator map with 512 px tiles.
export function metersPerPixel(lat: number, zoom: number): number {
  return (40_075_016.686 * Math.cos((lat * Math.PI) / 180)) / (512 * 2 ** zoom)
}
