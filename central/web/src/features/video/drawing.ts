// What is drawn on a frozen picture: strokes as parts of its width and height, and how they are painted. Painting knows
// nothing of the page, so that what is seen is what is sent.
export const colours = ['red', 'yellow', 'blue', 'white', 'black'] as const
export type Colour = (typeof colours)[number]
export const tools = ['arrow', 'circle', 'line', 'text'] as const
export type Tool = (typeof tools)[number]

export interface Shape {
  kind: Tool
  colour: Colour
  points: number[][]
  text?: string
}

const ink: Record<Colour, string> = { red: '#ff3b30', yellow: '#ffd60a', blue: '#2f8fff', white: '#ffffff', black: '#000000' }
const most = 400
const maxShapes = 100

// rounded keeps a point inside the picture, to a ten-thousandth of its width.
const rounded = (v: number): number => Math.round(Math.min(1, Math.max(0, v)) * 10_000) / 10_000
export const pointAt = (x: number, y: number): number[] => [rounded(x), rounded(y)]

// grown is a stroke led on to a point: a freehand line gains it, an arrow ends there, and a circle lies between it and where
// the hand began, so that it does not run off the picture.
export function grown(s: Shape, to: number[], from: number[] = s.points[0] ?? to): Shape {
  if (s.kind === 'text') return { ...s, points: [to] }
  if (s.kind === 'circle') return { ...s, points: [pointAt(((from[0] ?? 0) + (to[0] ?? 0)) / 2, ((from[1] ?? 0) + (to[1] ?? 0)) / 2), to] }
  if (s.kind !== 'line') return { ...s, points: [s.points[0] ?? to, to] }
  return s.points.length >= most ? s : { ...s, points: [...s.points, to] }
}

// worth reports whether a stroke says anything: a click is no arrow.
export function worth(s: Shape): boolean {
  if (s.kind === 'text') return Boolean(s.text?.trim())
  const [a, b] = [s.points[0], s.points.at(-1)]
  if (!a || !b || s.points.length < 2) return false
  return s.kind === 'line' || Math.hypot((a[0] ?? 0) - (b[0] ?? 0), (a[1] ?? 0) - (b[1] ?? 0)) > 0.01
}

export const full = (list: readonly Shape[]): boolean => list.length >= maxShapes

// paint draws the strokes over what is on the canvas.
export function paint(c: CanvasRenderingContext2D, width: number, height: number, list: readonly Shape[]): void {
  const thick = Math.max(3, Math.round(width / 200))
  c.lineCap = 'round'
  c.lineJoin = 'round'
  for (const s of list) {
    const points = s.points.map((p) => ({ x: (p[0] ?? 0) * width, y: (p[1] ?? 0) * height }))
    const [a, b] = [points[0], points[1]]
    if (!a) continue
    const stroke = (colour: string, w: number, draw: () => void) => {
      c.strokeStyle = colour
      c.lineWidth = w
      c.beginPath()
      draw()
      c.stroke()
    }
    // A dark edge keeps a light stroke readable on a light picture, and the other way round.
    const edged = (draw: () => void) => {
      stroke(s.colour === 'black' ? '#ffffff' : '#000000', thick * 1.8, draw)
      stroke(ink[s.colour], thick, draw)
    }
    if (s.kind === 'text') {
      c.font = `600 ${String(Math.round(width / 28))}px system-ui, "Noto Sans CJK SC", "Microsoft YaHei", sans-serif`
      c.textBaseline = 'middle'
      c.strokeStyle = s.colour === 'black' ? '#ffffff' : '#000000'
      c.lineWidth = thick
      c.strokeText(s.text ?? '', a.x, a.y)
      c.fillStyle = ink[s.colour]
      c.fillText(s.text ?? '', a.x, a.y)
    } else if (s.kind === 'circle' && b) {
      edged(() => c.ellipse(a.x, a.y, Math.max(2, Math.abs(b.x - a.x)), Math.max(2, Math.abs(b.y - a.y)), 0, 0, 2 * Math.PI))
    } else if (s.kind === 'arrow' && b) {
      const turn = Math.atan2(b.y - a.y, b.x - a.x)
      const tip = Math.max(12, width / 40)
      edged(() => {
        c.moveTo(a.x, a.y)
        c.lineTo(b.x, b.y)
        for (const side of [-0.5, 0.5]) {
          c.moveTo(b.x, b.y)
          c.lineTo(b.x - tip * Math.cos(turn + side), b.y - tip * Math.sin(turn + side))
        }
      })
    } else if (s.kind === 'line') {
      edged(() => points.forEach((p, i) => (i ? c.lineTo(p.x, p.y) : c.moveTo(p.x, p.y))))
    }
  }
}

export interface Drawn {
  // original is the picture as it was frozen; flat is what the crew sees: small enough for a terminal on 4G.
  original: Blob
  flat: Blob
  shapes: Shape[]
}

const airBytes = 120_000
const sides = [960, 720, 540, 400]
const qualities = [0.8, 0.65, 0.5]

// flatten paints the strokes into a picture that goes over the air: as large as its bytes allow.
export async function flatten(picture: CanvasImageSource & { width: number; height: number }, shapes: readonly Shape[], canvas: HTMLCanvasElement = document.createElement('canvas')): Promise<Blob | undefined> {
  for (const side of sides) {
    const scale = Math.min(1, side / Math.max(picture.width, picture.height))
    canvas.width = Math.round(picture.width * scale)
    canvas.height = Math.round(picture.height * scale)
    const c = canvas.getContext('2d')
    if (!c) return undefined
    c.drawImage(picture, 0, 0, canvas.width, canvas.height)
    paint(c, canvas.width, canvas.height, shapes)
    for (const quality of qualities) {
      const blob = await new Promise<Blob | null>((done) => canvas.toBlob(done, 'image/jpeg', quality))
      if (blob && blob.size <= airBytes) return blob
    }
  }
  return undefined
}
