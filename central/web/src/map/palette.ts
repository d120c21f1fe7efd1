// The map's colours, read from the design tokens of the page, so that dark and light are one look.

export interface Palette {
  dark: boolean
  outside: string
  panel: string
  panel2: string
  line: string
  text: string
  muted: string
  faint: string
  accent: string
  accentInk: string
  focus: string
  sea: string
  land: string
  river: string
  levels: readonly [string, string, string, string]
}

// The fonts are named to MapLibre as stacks; without a glyph server it draws every letter from the
// fonts of this computer. The first name of a bold stack only says the weight.
const families = ['Noto Sans CJK SC', 'Source Han Sans SC', 'PingFang SC', 'Microsoft YaHei', 'system-ui']
export const textFont = families
export const numberFont = ['Bold', 'DIN Alternate', 'Noto Sans Mono CJK SC', 'Roboto Mono', 'ui-monospace', 'monospace']

type Token = (name: string) => string

export function paletteOf(token: Token): Palette {
  const text = token('--text')
  return {
    dark: luminance(text) > 0.5,
    outside: token('--bg'),
    panel: token('--panel'),
    panel2: token('--panel-2'),
    line: token('--line'),
    text,
    muted: token('--muted'),
    faint: token('--faint'),
    accent: token('--accent'),
    accentInk: token('--accent-ink'),
    focus: token('--focus'),
    sea: token('--sea'),
    land: token('--land'),
    river: token('--river'),
    levels: [token('--red'), token('--orange'), token('--yellow'), token('--blue')],
  }
}

export function readPalette(): Palette {
  const style = getComputedStyle(document.documentElement)
  return paletteOf((name) => style.getPropertyValue(name).trim())
}

// luminance of #rrggbb, 0…1, good enough to tell light from dark.
export function luminance(hex: string): number {
  const n = Number.parseInt(hex.replace('#', ''), 16)
  if (Number.isNaN(n)) return 1
  return (0.2126 * ((n >> 16) & 255) + 0.7152 * ((n >> 8) & 255) + 0.0722 * (n & 255)) / 255
}

// fade gives a hex colour an opacity.
export function fade(hex: string, opacity: number): string {
  return `${hex}${Math.round(opacity * 255).toString(16).padStart(2, '0')}`
}
