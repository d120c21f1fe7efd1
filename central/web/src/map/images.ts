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

// A camera stands on a stalk over its place, a terminal hangs under it; the others are on the spot.
const stalk = 15
// signLift is from a place to the middle of its stalked sign.
export const signLift = stalk + 12

function sign(shape: Shape, tone: Tone, p: Palette): Sign {
  const stalked = shape === 'camera' || shape === 'terminal'
  return {
    width: 24,
    height: stalked ? 24 + stalk : 24,
    draw(pen) {
      const c = colours(shape, tone, p)
      pen.lineJoin = 'round'
      pen.lineCap = 'round'
      if (stalked) drawStalk(pen, shape === 'camera' ? [20, 24 + stalk - 2] : [2, stalk + 4], p)
      if (shape === 'terminal') pen.translate(0, stalk)
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

function drawStalk(pen: CanvasRenderingContext2D, [from, to]: [number, number], p: Palette): void {
  pen.beginPath()
  pen.moveTo(12, from)
  pen.lineTo(12, to)
  pen.strokeStyle = p.panel
  pen.lineWidth = 4
  pen.stroke()
  pen.strokeStyle = p.muted
  pen.lineWidth = 1.6
  pen.stroke()
}

const chipSize = 14

function chip(line: string, fill: string, width: number, dashed: boolean): Sign {
  return {
    width: chipSize,
    height: chipSize,
    draw(pen) {
      pen.beginPath()
      pen.roundRect(1, 1, chipSize - 2, chipSize - 2, 3)
      pen.fillStyle = fill
      pen.fill()
      pen.strokeStyle = line
      pen.lineWidth = width
      if (dashed) pen.setLineDash([2, 2])
      pen.stroke()
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

function pixels(s: Sign): ImageData {
  const canvas = document.createElement('canvas')
  canvas.width = s.width * scale
  canvas.height = s.height * scale
  const pen = canvas.getContext('2d', { willReadFrequently: true })
  if (!pen) throw new Error('no 2d canvas')
  pen.scale(scale, scale)
  s.draw(pen)
  return pen.getImageData(0, 0, canvas.width, canvas.height)
}

// The middle of a chip stretches, its corners stay.
const inner = [5 * scale, (chipSize - 5) * scale] as [number, number]
const stretch = {
  pixelRatio: scale,
  stretchX: [inner],
  stretchY: [inner],
  content: [3 * scale, 3 * scale, (chipSize - 3) * scale, (chipSize - 3) * scale] as [number, number, number, number],
}

function put(map: GlMap, name: string, s: Sign, options: Parameters<GlMap['addImage']>[2]): void {
  if (map.hasImage(name)) map.updateImage(name, pixels(s))
  else map.addImage(name, pixels(s), options)
}

// addImages draws every sign anew in the colours of the palette.
export function addImages(map: GlMap, p: Palette): void {
  for (const shape of shapes) for (const tone of tones) put(map, `sign-${shape}-${tone}`, sign(shape, tone, p), { pixelRatio: scale })
  put(map, 'dot', dot(p), { pixelRatio: scale })
  put(map, 'chip-fresh', chip(p.muted, p.panel, 1, false), stretch)
  put(map, 'chip-stale', chip(p.faint, p.panel, 1, true), stretch)
  put(map, 'chip-never', chip(p.faint, p.panel, 1, true), stretch)
  p.levels.forEach((colour, i) => put(map, `chip-${i + 1}`, chip(colour, p.panel, 2, false), stretch))
}
