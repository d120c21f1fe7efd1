// The configuration of a terminal as a form: which fields there are, what each may say, and how a document
// changes by them. Pure. The schema of the centre has the last word; what it refuses is named by its place.
import { ApiError } from '@/api/errors'
import { duration, hostPort } from './addsensor'

export type Path = readonly (string | number)[]

export type Kind = 'text' | 'integer' | 'number' | 'share' | 'duration' | 'choice' | 'yes' | 'network' | 'listen' | 'serial' | 'path' | 'rtsp' | 'rtsp_sub' | 'onvif'

// Field is one thing that people change. A unit belongs to numbers.
export interface Field {
  key: string
  kind: Kind
  least?: number
  most?: number
  choices?: readonly string[]
  // usual is what holds when it is left empty.
  usual?: string
}

const day = 86_400_000
// The limits are those of shared/desired/schema.json and of the terminal; the usual values those of deploy/edge.yml.
export const budgetFields: readonly Field[] = [
  { key: 'monthly_mb', kind: 'integer', least: 0, most: 1_073_741_824, usual: '0' },
  { key: 'reset_day', kind: 'integer', least: 1, most: 28, usual: '1' },
  { key: 'eco', kind: 'share', least: 1, most: 100, usual: '80' },
  { key: 'alarms_only', kind: 'share', least: 1, most: 100, usual: '95' },
  { key: 'zone', kind: 'text', most: 64, usual: 'Asia/Shanghai' },
]
export const outboxFields: readonly Field[] = [
  { key: 'telemetry_mb', kind: 'integer', least: 1, most: 1_048_576, usual: '512' },
  { key: 'bulk_mb', kind: 'integer', least: 1, most: 1_048_576, usual: '128' },
  { key: 'grace_mb', kind: 'integer', least: 1, most: 1_048_576, usual: '256' },
  { key: 'grace', kind: 'duration', usual: '72h' },
  { key: 'commit_every', kind: 'duration', least: 10, most: 10_000, usual: '500ms' },
]
export const logFields: readonly Field[] = [{ key: 'level', kind: 'choice', choices: ['debug', 'info', 'warn', 'error'], usual: 'info' }]
export const cameraFields: readonly Field[] = [
  { key: 'name', kind: 'text', most: 200 },
  { key: 'name_en', kind: 'text', most: 200 },
  { key: 'rtsp', kind: 'rtsp', most: 500 },
  { key: 'rtsp_sub', kind: 'rtsp_sub', most: 500 },
  { key: 'standby', kind: 'yes' },
  { key: 'sound', kind: 'yes' },
  { key: 'speaker', kind: 'yes' },
  { key: 'onvif', kind: 'onvif', most: 500 },
]
export const everyField: Field = { key: 'every', kind: 'duration', least: 100, most: day }

const units: Record<string, number> = { ns: 1e-6, us: 1e-3, µs: 1e-3, ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

// millis is how long "1m30s" is; undefined when it is no duration.
export function millis(text: string): number | undefined {
  if (!duration.test(text)) return undefined
  let sum = 0
  for (const [, n, unit] of text.matchAll(/([0-9]+(?:\.[0-9]+)?)(ms|s|m|h)/g)) sum += Number(n) * (units[unit ?? ''] ?? 0)
  return sum
}

// wrong is what a typed text cannot be, '' when it can; an empty text leaves the field out.
export function wrong(field: Field, text: string): '' | 'number' | 'range' | 'duration' | 'long' | 'address' {
  const said = text.trim()
  if (!said) return ['network', 'listen', 'serial', 'path', 'rtsp'].includes(field.kind) ? 'address' : ''
  const within = (n: number) => (n < (field.least ?? -Infinity) || n > (field.most ?? Infinity) ? 'range' : '')
  switch (field.kind) {
    case 'integer': return /^\d+$/.test(said) ? within(Number(said)) : 'number'
    case 'number':
    case 'share': return Number.isFinite(Number(said)) ? within(Number(said)) : 'number'
    case 'duration': {
      const ms = millis(said)
      return ms === undefined ? 'duration' : within(ms)
    }
    case 'network': return hostPort.test(said) ? '' : 'address'
    case 'listen': return /^:\d{1,5}$/.test(said) || hostPort.test(said) ? '' : 'address'
    case 'serial': return /^\/dev\/\S+$/.test(said) ? '' : 'address'
    case 'path': return /^\/\S+$/.test(said) ? '' : 'address'
    case 'onvif': return /^https?:\/\/[^@\s]+$/.test(said) ? '' : 'address'
    case 'rtsp_sub': return /^rtsps?:\/\/[^@\s]+$/.test(said) ? '' : 'address'
    case 'rtsp': return said === 'local:' || /^rtsps?:\/\/[^@\s]+$/.test(said) ? '' : 'address'
    default: return said.length > (field.most ?? Infinity) ? 'long' : ''
  }
}

// typed is how the value of a document stands in its field, valueOf what a text becomes in the document.
export function typed(field: Field, value: unknown): string {
  if (value === undefined || value === null) return ''
  if (field.kind === 'share' && typeof value === 'number') return String(Math.round(value * 1e6) / 1e4)
  return typeof value === 'object' ? '' : String(value as string | number | boolean)
}
export function valueOf(field: Field, text: string): unknown {
  const said = text.trim()
  if (!said) return undefined
  if (field.kind === 'yes') return said === 'true' ? true : undefined
  if (wrong(field, said)) return said
  if (field.kind === 'share') return Number(said) / 100
  return field.kind === 'integer' || field.kind === 'number' ? Number(said) : said
}

// at is what stands at a place of a document.
export function at(document: unknown, path: Path): unknown {
  let here = document
  for (const key of path) here = typeof here === 'object' && here !== null ? (here as Record<string | number, unknown>)[key] : undefined
  return here
}

// withAt is a document with something else at a place; undefined takes it out, and a part that says nothing then too.
export function withAt<T>(document: T, path: Path, value: unknown): T {
  const [key, ...rest] = path
  if (key === undefined) return value as T
  const before = (document ?? {}) as Record<string | number, unknown>
  let next = rest.length ? withAt(before[key], rest, value) : value
  if (rest.length && typeof next === 'object' && next !== null && !Array.isArray(next) && typeof rest[0] === 'string' && !Object.keys(next).length) next = undefined
  if (Array.isArray(document)) {
    const list = [...(document as unknown[])]
    if (next === undefined) list.splice(Number(key), 1)
    else list[Number(key)] = next
    return list as T
  }
  const out = { ...before }
  if (next === undefined) delete out[key]
  else out[key] = next
  return out as T
}

// Refusal is what the centre says is wrong with a document: where, why and what would be right.
export interface Refusal {
  path: Path
  why: string
  want: string
}

export function refusalOf(error: unknown): Refusal | undefined {
  if (!(error instanceof ApiError) || !error.code.startsWith('fleet.document.')) return undefined
  const said = error.problem.errors?.[0]
  const path = (said?.location ?? '').split('.').slice(2).map((k) => (/^\d+$/.test(k) ? Number(k) : k))
  return { path, why: error.code.slice('fleet.document.'.length), want: said?.message ?? '' }
}

// Lines says in which line of a text each place of a document stands, and where the text stops being JSON.
export interface Lines {
  of: Map<string, number>
  broken: number | undefined
}

export const keyOf = (path: Path): string => JSON.stringify(path)

export function linesOf(text: string): Lines {
  const of = new Map<string, number>()
  let [i, row, counted] = [0, 1, 0]
  const line = (): number => {
    for (; counted < i; counted++) if (text[counted] === '\n') row++
    return row
  }
  const fail = (): never => { throw new SyntaxError(String(line())) }
  const space = () => { while (i < text.length && ' \t\n\r'.includes(text[i]!)) i++ }
  const take = (mark: string) => { space(); if (text[i] !== mark) fail(); i++ }
  const match = (form: RegExp): string => {
    form.lastIndex = i
    const found = form.exec(text)?.[0]
    if (found === undefined) return fail()
    i += found.length
    return found
  }
  const string = (): string => {
    space()
    return JSON.parse(match(/"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y)) as string
  }
  const members = (close: string, one: (n: number) => void) => {
    i++
    space()
    if (text[i] === close) { i++; return }
    for (let n = 0; ; n++) {
      one(n)
      space()
      if (text[i] === close) { i++; return }
      take(',')
    }
  }
  const value = (path: Path): void => {
    space()
    if (!of.has(keyOf(path))) of.set(keyOf(path), line())
    if (text[i] === '{') members('}', () => { space(); const at = line(); const key = string(); of.set(keyOf([...path, key]), at); take(':'); value([...path, key]) })
    else if (text[i] === '[') members(']', (n) => value([...path, n]))
    else if (text[i] === '"') string()
    else {
      match(/(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)(?=[\s,\]}]|$)/y)
    }
  }
  try {
    value([])
    space()
    if (i < text.length) fail()
    return { of, broken: undefined }
  } catch (error) {
    return { of, broken: Number((error as Error).message) || line() }
  }
}

// lineOf is the line of a place, or of the nearest part above it that the text has.
export function lineOf(lines: Lines, path: Path): number {
  for (let n = path.length; n >= 0; n--) {
    const found = lines.of.get(keyOf(path.slice(0, n)))
    if (found) return found
  }
  return 1
}
