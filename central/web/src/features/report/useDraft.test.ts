import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { effectScope, nextTick, ref, type EffectScope } from 'vue'
import type { Edit, View } from './types'
import { useDraft, type Draft } from './useDraft'
import { ApiError } from '@/api/errors'

// A centre that keeps one draft as the real one does: it takes whole saves, or refuses them for one field.
function centreOf(values: Record<string, string>) {
  const held = { ...values }
  const state = { cut: false, saves: [] as Edit[][] }
  const view = (): View => ({ id: 'r1', state: 'draft', own: true, values: { ...held }, answers: {}, waived: {}, level: 0, level_why: '', updated_by: '乙', updated_at: '2026-11-26T00:00:00Z' }) as unknown as View
  return {
    held,
    state,
    read: () => (state.cut ? Promise.reject(new ApiError(0)) : Promise.resolve(view())),
    save: (_: string, edits: Edit[]) => {
      if (state.cut) return Promise.reject(new ApiError(0))
      state.saves.push(edits)
      const bad = edits.find((e) => e.to.includes('不收'))
      if (bad) return Promise.reject(new ApiError(422, { errors: [{ location: bad.field, message: 'no' }] }))
      for (const e of edits) held[e.field] = e.to
      return Promise.resolve({ ...view(), conflicts: [] })
    },
  }
}
function shelfOf() {
  const kept = new Map<string, string>()
  return { kept, getItem: (k: string) => kept.get(k) ?? null, setItem: (k: string, v: string) => void kept.set(k, v), removeItem: (k: string) => void kept.delete(k) }
}

let scope: EffectScope
beforeEach(() => {
  vi.useFakeTimers()
  scope = effectScope()
})
afterEach(() => {
  scope.stop()
  vi.useRealTimers()
})
async function opened(centre: ReturnType<typeof centreOf>, shelf: ReturnType<typeof shelfOf>): Promise<Draft> {
  const draft = scope.run(() => useDraft(() => 'r1', 'u1', () => true, (f) => (f === 'occurred_at' ? 'time' : 'line'), centre, shelf))
  if (!draft) throw new Error('the scope has ended')
  await draft.load()
  await nextTick()
  return draft
}

describe('a draft that keeps itself', () => {
  it('is tried again while the link is cut, without a further key', async () => {
    const centre = centreOf({ place: '洋口' })
    const shelf = shelfOf()
    const draft = await opened(centre, shelf)
    centre.state.cut = true
    draft.typed.value.brief = '渔船进水'
    await vi.advanceTimersByTimeAsync(12_000)
    expect(draft.unsaved.value).toBe(true)
    expect(shelf.kept.size).toBe(1)
    centre.state.cut = false
    await vi.advanceTimersByTimeAsync(5_000)
    expect(centre.held.brief).toBe('渔船进水')
    expect(draft.unsaved.value).toBe(false)
    expect(draft.failure.value).toBeUndefined()
    expect(shelf.kept.size).toBe(0)
  })

  it('is there again after a reload, and goes to the centre', async () => {
    const centre = centreOf({ place: '洋口' })
    const shelf = shelfOf()
    const draft = await opened(centre, shelf)
    centre.state.cut = true
    draft.typed.value.brief = '渔船进水'
    draft.typed.value.occurred_at = '080'
    await nextTick()
    scope.stop()
    scope = effectScope()
    centre.state.cut = false
    const next = await opened(centre, shelf)
    expect(next.brought.value).toBe(true)
    expect(next.typed.value).toMatchObject({ place: '洋口', brief: '渔船进水', occurred_at: '080' })
    await vi.advanceTimersByTimeAsync(1_000)
    expect(centre.held.brief).toBe('渔船进水')
    expect(centre.held.occurred_at).toBeUndefined()
  })

  it('saves every field that is right beside one that is not', async () => {
    const centre = centreOf({})
    const draft = await opened(centre, shelfOf())
    Object.assign(draft.typed.value, { 'figure.dead': '三', brief: '渔船进水', place: '不收' })
    await vi.advanceTimersByTimeAsync(1_000)
    expect(centre.held).toEqual({ brief: '渔船进水' })
    expect([draft.wrong('figure.dead'), draft.wrong('brief'), draft.wrong('place')]).toEqual(['figure', '', 'refused'])
    expect(draft.typed.value).toMatchObject({ 'figure.dead': '三', place: '不收' })
    draft.typed.value['figure.dead'] = '3'
    draft.typed.value.place = '小洋口'
    await vi.advanceTimersByTimeAsync(1_000)
    expect(centre.held).toEqual({ brief: '渔船进水', 'figure.dead': '3', place: '小洋口' })
    expect(draft.unsaved.value).toBe(false)
  })

  it('keeps nothing once it is gone', async () => {
    const shelf = shelfOf()
    const centre = centreOf({})
    const draft = await opened(centre, shelf)
    centre.state.cut = true
    draft.typed.value.brief = '错稿'
    await nextTick()
    draft.forget()
    await vi.advanceTimersByTimeAsync(10_000)
    expect(shelf.kept.size).toBe(0)
  })

  it('does not show an older answer after a newer one, nor take its own save for the words of another', async () => {
    const asked: ((v: View) => void)[] = []
    const saved: ((v: View & { conflicts: [] }) => void)[] = []
    const news = ref(0)
    const at = (version: number, brief: string) => ({ id: 'r1', state: 'draft', own: true, version, values: { brief }, answers: {}, waived: {}, level: 0, level_why: '', updated_by: '乙', updated_at: '2026-11-26T00:00:00Z', conflicts: [] }) as unknown as View & { conflicts: [] }
    const draft = scope.run(() => useDraft(() => 'r1', 'u1', () => true, () => 'line', { read: () => new Promise((go) => asked.push(go)), save: () => new Promise((go) => saved.push(go)), tick: () => news.value }, shelfOf()))!
    asked[0]!(at(1, ''))
    await vi.advanceTimersByTimeAsync(0)
    draft.typed.value.brief = '渔船'
    await vi.advanceTimersByTimeAsync(1_000)
    expect(saved).toHaveLength(1)
    news.value++
    await vi.advanceTimersByTimeAsync(0)
    asked[1]!(at(2, '渔船')) // the centre has it; the answer to the save is still on its way
    draft.typed.value.brief = '渔船进水'
    await vi.advanceTimersByTimeAsync(0)
    saved[0]!(at(2, '渔船'))
    await vi.advanceTimersByTimeAsync(0)
    expect([draft.typed.value.brief, draft.conflicts.value]).toEqual(['渔船进水', []])
    await vi.advanceTimersByTimeAsync(1_000)
    saved[1]!(at(3, '渔船进水'))
    await vi.advanceTimersByTimeAsync(0)
    news.value++
    await vi.advanceTimersByTimeAsync(0)
    asked[2]!(at(2, '渔船'))
    await vi.advanceTimersByTimeAsync(0)
    expect([draft.view.value?.version, draft.typed.value.brief, draft.unsaved.value]).toEqual([3, '渔船进水', false])
  })
})
