// The words beside the signs: real buttons over the map, one line for each thing, placed by the layout so
// that each belongs to its own sign.
import { Marker, type Map as GlMap } from 'maplibre-gl'
import { onScopeDispose, watch } from 'vue'
import type { MapContext } from './context'
import { signUrl } from './images'
import { layout, type Box, type Item, type Placed, type Sign, type Size } from './layout'
import type { Spot, Spots } from './spots'
import type { Thing } from './things'
import type { Padding } from './useView'
import './callouts.css'

export interface CalloutWords {
  since: string
  work: string
  below: string
  noValue: string
  // word is the one character or letter of a level.
  word: (level: number) => string
  more: (n: number) => string
}

export interface CalloutOptions {
  spots: () => Spots
  selected: () => string
  covered: () => Padding
  words: () => CalloutWords
  pick: (device: string) => void
}

// More labels than this nobody reads; the gravest come first.
const most = 200
const signRadius = 13
const ringRadius = 20
const crowdRadius = 18
// From this zoom on, or while there are few, everything is named.
const namesZoom = 10.2
const few = 12
const edge = 4
// The zoom buttons and the line of credits of MapChrome.
const buttons: Size = { w: 48, h: 144 }
const footHeight = 26

interface Shown {
  marker: Marker
  root: HTMLElement
  line: HTMLElement
  lines: HTMLElement
  // content is what the lines say; sizes are measured anew when it changes.
  content: string
  forms: Size[]
}

export function useCallouts(context: MapContext, options: CalloutOptions): void {
  const shown = new Map<string, Shown>()
  let placed = new Map<string, Placed>()
  let images = new Map<string, string>()
  let next = 0

  function image(thing: Thing): string {
    const key = `${thing.shape}-${thing.tone}`
    const known = images.get(key)
    if (known) return known
    const url = signUrl(thing.shape, thing.tone, context.palette.value)
    images.set(key, url)
    return url
  }

  function make(map: GlMap, spot: Spot): Shown {
    const root = document.createElement('div')
    root.className = 'callout'
    root.dataset.testid = 'map-callout'
    const line = document.createElement('i')
    const lines = document.createElement('div')
    root.append(line, lines)
    root.addEventListener('click', (e) => {
      const device = (e.target as Element).closest<HTMLElement>('[data-device]')?.dataset.device
      e.stopPropagation()
      if (device) options.pick(device)
    })
    const marker = new Marker({ element: root, anchor: 'top-left' }).setLngLat([spot.place.lon, spot.place.lat]).addTo(map)
    return { marker, root, line, lines, content: '', forms: [] }
  }

  function write(item: Shown, spot: Spot, w: CalloutWords): void {
    item.marker.setLngLat([spot.place.lon, spot.place.lat])
    item.root.dataset.level = String(spot.things[0]?.level ?? 0)
    const selected = options.selected()
    const content = JSON.stringify([spot.things, spot.more, w.since, context.palette.value.dark])
    if (content !== item.content) {
      item.content = content
      item.forms = []
      // A line that has the focus keeps it: the lines are changed, not made anew.
      const rows = spot.things.map((thing, i) => lineOf(item.lines.children[i], thing, spot.things.length > 1 ? image(thing) : '', w))
      if (spot.more) rows.push(textLine(w.more(spot.more)))
      if (rows.some((row, i) => row !== item.lines.children[i]) || rows.length !== item.lines.children.length) item.lines.replaceChildren(...rows)
    }
    for (const row of item.lines.children) row.toggleAttribute('data-selected', row instanceof HTMLElement && row.dataset.device === selected)
  }

  // measure reads the size of each label in full and in short.
  function measure(fresh: Shown[]): void {
    for (const form of ['full', 'short']) {
      for (const { root } of fresh) root.dataset.form = form
      for (const item of fresh) item.forms.push({ w: item.lines.offsetWidth, h: item.lines.offsetHeight })
    }
  }

  function arrange(): void {
    next = 0
    const map = context.map.value
    if (!map) return
    const { spots, crowds } = options.spots()
    const { clientWidth: w, clientHeight: h } = map.getContainer()
    const pad = options.covered()
    const field: Box = { x: pad.left + edge, y: pad.top + edge, w: w - pad.left - pad.right - 2 * edge, h: h - pad.top - pad.bottom - 2 * edge }
    const at = (spot: Spot) => map.project([spot.place.lon, spot.place.lat])
    const visible = spots.map((spot) => ({ spot, ...pick(at(spot)) })).filter(({ x, y }) => x > field.x && y > field.y && x < field.x + field.w && y < field.y + field.h)
    const signs: Sign[] = [
      ...visible.map(({ spot, x, y }) => ({ key: spot.key, x, y, r: radiusOf(spot) })),
      ...crowds.map((c) => ({ key: `crowd ${c.ids[0]}`, ...pick(map.project([c.place.lon, c.place.lat])), r: crowdRadius })),
    ]
    const selected = options.selected()
    const important = (s: Spot) => s.things.some((t) => t.level > 0 || t.id === selected)
    const named = map.getZoom() >= namesZoom || visible.length <= few
    const wanted = visible.filter(({ spot }) => important(spot) || spot.things.length > 1 || named || spot.things[0]?.kind === 'sensor').slice(0, most)
    const words = options.words()

    const keep = new Set(wanted.map(({ spot }) => spot.key))
    for (const [key, { marker }] of shown) {
      if (keep.has(key)) continue
      marker.remove()
      shown.delete(key)
    }
    for (const { spot } of wanted) {
      const item = shown.get(spot.key) ?? make(map, spot)
      shown.set(spot.key, item)
      write(item, spot, words)
    }
    measure([...shown.values()].filter((s) => !s.forms.length))

    const items = wanted.map(({ spot, x, y }): Item & { skip: number } => {
      const forms = shown.get(spot.key)?.forms ?? []
      const must = important(spot)
      const skip = must || named ? 0 : 1
      const short = spot.things.length === 1 && spot.things[0]?.kind === 'sensor' && !must
      return { key: spot.key, x, y, r: radiusOf(spot), must, forms: short ? forms.slice(skip) : forms.slice(0, 1), skip: short ? skip : 0 }
    }).sort((a, b) => Number(b.must) - Number(a.must))
    const chrome: Box[] = [
      { x: w - pad.right - buttons.w, y: h - pad.bottom - buttons.h, w: buttons.w, h: buttons.h },
      { x: pad.left, y: h - pad.bottom - footHeight, w: w - pad.left - pad.right, h: footHeight },
    ]
    const helpers = context.forces.value.map((f): Box => {
      const { x, y } = map.project([f.place.lon, f.place.lat])
      return { x: x + f.dx, y: y + f.dy, w: f.w, h: f.h }
    })
    placed = layout(items, signs, field, [...chrome, ...helpers], placed)
    for (const item of items) {
      const label = shown.get(item.key)
      const where = placed.get(item.key)
      if (label) put(label, where, where ? where.form + item.skip : 0, item)
    }
  }

  function put({ marker, root, line, lines }: Shown, where: Placed | undefined, form: number, item: Item): void {
    root.toggleAttribute('data-off', !where)
    // Out of sight is out of reach: a hidden label takes no focus.
    lines.inert = !where
    if (!where) return
    root.dataset.form = form ? 'short' : 'full'
    marker.setOffset([where.dx, where.dy])
    const size = item.forms[where.form] as Size
    const to = { x: Math.max(where.dx, Math.min(0, where.dx + size.w)), y: Math.max(where.dy, Math.min(0, where.dy + size.h)) }
    line.hidden = !where.line
    line.style.cssText = `left:${-where.dx}px;top:${-where.dy}px;width:${Math.hypot(to.x, to.y)}px;transform:rotate(${Math.atan2(to.y, to.x)}rad)`
  }

  function soon(): void {
    next ||= requestAnimationFrame(arrange)
  }
  function clear(): void {
    for (const { marker } of shown.values()) marker.remove()
    shown.clear()
    placed = new Map()
  }

  watch(context.map, (map, old) => {
    old?.off('moveend', soon).off('resize', soon)
    if (map !== old) clear()
    map?.on('moveend', soon)
    map?.on('resize', soon)
    soon()
  }, { immediate: true })
  watch(context.palette, () => (images = new Map()))
  watch([options.spots, options.selected, options.covered, options.words, context.forces], soon)
  // Those who help stand beside the signs, not on them.
  watch(options.spots, ({ spots, crowds }) => {
    context.devices.value = [...spots.map((s) => ({ key: s.key, place: s.place, r: radiusOf(s) })), ...crowds.map((c) => ({ key: `crowd ${c.ids[0]}`, place: c.place, r: crowdRadius }))]
  }, { immediate: true })
  onScopeDispose(() => {
    cancelAnimationFrame(next)
    context.map.value?.off('moveend', soon).off('resize', soon)
    clear()
  })
}

function pick({ x, y }: { x: number; y: number }): { x: number; y: number } {
  return { x, y }
}

function radiusOf(spot: Spot): number {
  return spot.things.some((t) => t.level > 0) ? ringRadius : signRadius
}

function part(tag: string, className: string, text: string): HTMLElement {
  const element = document.createElement(tag)
  element.className = className
  element.textContent = text
  return element
}

function textLine(text: string): HTMLElement {
  return part('span', 'more', text)
}

// lineOf writes a thing's line into the button that has it already, or into a new one.
function lineOf(old: Element | undefined, thing: Thing, sign: string, w: CalloutWords): HTMLElement {
  const button = old instanceof HTMLButtonElement && old.dataset.device === thing.id ? old : document.createElement('button')
  button.type = 'button'
  button.dataset.testid = 'map-callout-line'
  button.dataset.device = thing.id
  button.dataset.level = String(thing.level)
  button.dataset.tone = thing.tone
  const parts: HTMLElement[] = []
  if (thing.level) parts.push(part('b', 'level', w.word(thing.level)))
  if (sign) {
    const image = document.createElement('img')
    image.src = sign
    image.alt = ''
    parts.push(image)
  }
  parts.push(part('span', 'name', thing.name))
  const measures = thing.kind === 'sensor' || thing.value !== ''
  if (measures) parts.push(part('b', 'value', thing.value || w.noValue))
  if (thing.work) parts.push(part('small', 'work', w.work))
  if (thing.below) parts.push(part('small', 'work', w.below))
  if (thing.since) parts.push(part('small', 'since', `${w.since} ${thing.since}`))
  button.replaceChildren(...parts)
  return button
}
