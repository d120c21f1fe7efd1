// The signs on the map: one shape per class, the tone tells fresh from stale. Drawn from the palette,
// so they need no files and follow the theme.
import type { Map as GlMap } from 'maplibre-gl'
import type { Palette } from './palette'
import type { Shape, Tone } from './things'

const scale = 2
const shapes: readonly Shape[] = ['level', 'gas', 'point', 'mobile', 'camera', 'terminal']
const tones: readonly Tone[] = ['fresh', 'stale', 'never']

// Each glyph is drawn in a 24 × 24 box around its middle.
const glyphs: Record<Shape, string> = {
  level: 'M7 10.5q1.7-1.9 3.3 0t3.4 0 3.3 0M7 14.5q1.7-1.9 3.3 0t3.4 0 3.3 0',
  gas: 'M9.2 14.6a2.3 2.3 0 1 1 .3-4.5 2.9 2.9 0 0 1 5.4.9 1.9 1.9 0 0 1-.3 3.6z',
  point: 'M12 10.4a1.6 1.6 0 1 0 .01 0z',
  mobile: '',
  camera: 'M7.5 9h6v6h-6zM13.5 11.4l3.4-2v5.2l-3.4-2z',
  terminal: 'M7.5 12.5h9v3.6h-9zM9.5 12.5V8M14.5 12.5V8M10 14.3h.01',
}

interface Sign {
  width: number
  height: number
  draw: (pen: CanvasRenderingContext2D) => void
}

function outline(shape: Shape): Path2D {
  switch (shape) {
    case 'gas':
      return new Path2D('M12 2.5 20.2 7.2v9.6L12 21.5 3.8 16.8V7.2z')
    case 'mobile':
      return new Path2D('M12 2.5 19.5 20.5 12 16.6 4.5 20.5z')
    case 'camera':
    case 'terminal':
      return new Path2D('M5 4.5h14a2 2 0 0 1 2 2v11a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2v-11a2 2 0 0 1 2-2z')
    default:
      return new Path2D('M12 3a9 9 0 1 0 .01 0z')
  }
}

// What can be watched or done carries the accent; everything else is plain.
function colours(shape: Shape, tone: Tone, p: Palette): { fill: string; line: string; glyph: string } {
  if (tone !== 'fresh') return { fill: p.panel, line: p.faint, glyph: p.muted }
  if (shape === 'camera') return { fill: p.accent, line: p.panel, glyph: p.accentInk }
  if (shape === 'mobile') return { fill: p.text, line: p.panel, glyph: p.panel }
  return { fill: p.panel, line: p.text, glyph: p.text }
}

function sign(shape: Shape, tone: Tone, p: Palette): Sign {
  return {
    width: 24,
    height: 24,
    draw(pen) {
      const c = colours(shape, tone, p)
      pen.lineJoin = 'round'
      pen.lineCap = 'round'
      const body = outline(shape)
      pen.fillStyle = c.fill
      pen.fill(body)
      pen.strokeStyle = c.line
      pen.lineWidth = 1.8
      if (tone === 'never') pen.setLineDash([2.5, 2.5])
      pen.stroke(body)
      pen.setLineDash([])
      pen.strokeStyle = c.glyph
      pen.fillStyle = c.glyph
      pen.lineWidth = 1.6
      const glyph = new Path2D(glyphs[shape])
      pen.stroke(glyph)
      if (shape === 'camera' || shape === 'point') pen.fill(glyph)
      if (tone === 'stale' && shape === 'camera') pen.stroke(new Path2D('M6 17.5 18 6.5'))
    },
  }
}

function dot(p: Palette): Sign {
  return {
    width: 6,
    height: 6,
    draw(pen) {
      pen.arc(3, 3, 2, 0, 7)
      pen.fillStyle = p.faint
      pen.fill()
    },
  }
}

function drawn(s: Sign): { canvas: HTMLCanvasElement; pen: CanvasRenderingContext2D } {
  const canvas = document.createElement('canvas')
  canvas.width = s.width * scale
  canvas.height = s.height * scale
  const pen = canvas.getContext('2d', { willReadFrequently: true })
  if (!pen) throw new Error('no 2d canvas')
  pen.scale(scale, scale)
  s.draw(pen)
  return { canvas, pen }
}

function put(map: GlMap, name: string, s: Sign): void {
  const { canvas, pen } = drawn(s)
  const pixels = pen.getImageData(0, 0, canvas.width, canvas.height)
  if (map.hasImage(name)) map.updateImage(name, pixels)
  else map.addImage(name, pixels, { pixelRatio: scale })
}

// addImages draws every sign anew in the colours of the palette.
export function addImages(map: GlMap, p: Palette): void {
  for (const shape of shapes) for (const tone of tones) put(map, `sign-${shape}-${tone}`, sign(shape, tone, p))
  put(map, 'dot', dot(p))
}

// signUrl is a sign as an image's address, for the lines beside the map's signs.
export function signUrl(shape: Shape, tone: Tone, p: Palette): string {
  return drawn(sign(shape, tone, p)).canvas.toDataURL()
}
