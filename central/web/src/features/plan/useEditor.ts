// The text of a plan while somebody writes in it: kept by itself after each pause, every step can be taken back, and
// what somebody else wrote meanwhile is joined.
import { watchDebounced } from '@vueuse/core'
import { ref, shallowRef, type Ref, type ShallowRef } from 'vue'
import { merge, type Clash } from './merge'
import type { Body, Fault, Plan } from './types'
import { answer, api } from '@/api/client'
import { ApiError } from '@/api/errors'
import { useUnsaved } from '@/ui/unsaved'

export type Saving = 'saved' | 'edited' | 'saving' | 'failed'

export interface Editor {
  body: Ref<Body | undefined>
  plan: ShallowRef<Plan | undefined>
  faults: ShallowRef<Fault[]>
  state: Ref<Saving>
  failure: ShallowRef<unknown>
  joined: Ref<boolean>
  clashes: ShallowRef<Clash[]>
  mayUndo: Ref<boolean>
  load: () => Promise<void>
  save: () => Promise<void>
  undo: () => void
  // settle goes on with a text in which every clash was decided.
  settle: (body: Body) => Promise<void>
}

const clone = <T>(v: T): T => JSON.parse(JSON.stringify(v)) as T

// version 0 is the draft; another is only read.
export function useEditor(id: string, version: number): Editor {
  const body = ref<Body>()
  const plan = shallowRef<Plan>()
  const faults = shallowRef<Fault[]>([])
  const state = ref<Saving>('saved')
  const failure = shallowRef<unknown>()
  const joined = ref(false)
  const clashes = shallowRef<Clash[]>([])
  const mayUndo = ref(false)
  const past: string[] = []
  let kept = '' // as the centre has it
  let revision = 0
  let running = false
  let shown = ''

  const unsaved = useUnsaved(() => (body.value ? body.value : undefined))

  async function fetchText(): Promise<{ plan: Plan; body: Body; faults: Fault[] }> {
    const d = await answer(api.GET('/plans/{id}/text', { params: { path: { id }, query: { version } } }))
    return { plan: d.plan as Plan, body: { ...d.body, groups: d.body?.groups ?? [], reports: d.body?.reports ?? [] } as unknown as Body, // a text without groups or reports leaves them out
      faults: (d.faults ?? []) as Fault[] }
  }
  function take(text: Body): void {
    body.value = clone(text)
    shown = JSON.stringify(text)
  }
  async function load(): Promise<void> {
    failure.value = undefined
    try {
      const d = await fetchText()
      plan.value = d.plan
      faults.value = d.faults
      revision = d.plan.revision
      kept = JSON.stringify(d.body)
      take(d.body)
      state.value = 'saved'
      unsaved.saved()
    } catch (error) {
      failure.value = error
    }
  }
  async function put(text: Body): Promise<void> {
    plan.value = (await answer(api.PUT('/plans/{id}/text', { params: { path: { id } }, body: { revision, body: text as never } }))) as Plan
    revision = plan.value.revision
    kept = JSON.stringify(text)
    faults.value = ((await answer(api.POST('/plans/check', { body: text as never }))).items ?? []) as Fault[]
  }
  async function save(): Promise<void> {
    if (version || running || !body.value || clashes.value.length || JSON.stringify(body.value) === kept) return
    running = true
    state.value = 'saving'
    failure.value = undefined
    try {
      await put(clone(body.value))
    } catch (error) {
      if (error instanceof ApiError && error.code === 'plan.written') await join()
      else {
        failure.value = error
        state.value = 'failed'
      }
    } finally {
      running = false
    }
    if (state.value !== 'saving') return
    const same = JSON.stringify(body.value) === kept
    state.value = same ? 'saved' : 'edited'
    if (same) unsaved.saved()
    else void save()
  }
  async function join(): Promise<void> {
    if (!body.value) return
    try {
      const d = await fetchText()
      const m = merge(JSON.parse(kept) as Body, clone(body.value), d.body)
      revision = d.plan.revision
      kept = JSON.stringify(d.body)
      plan.value = d.plan
      take(m.body)
      joined.value = true
      clashes.value = m.clashes
      state.value = 'edited'
      if (!m.clashes.length) await put(m.body).then(() => (state.value = 'saving'))
    } catch (error) {
      failure.value = error
      state.value = 'failed'
    }
  }
  async function settle(text: Body): Promise<void> {
    clashes.value = []
    take(text)
    await save()
  }
  function undo(): void {
    const text = past.pop()
    if (text) take(JSON.parse(text) as Body)
    mayUndo.value = past.length > 0
  }

  // A step is what was written until a short pause.
  watchDebounced(body, (now) => {
    const text = JSON.stringify(now)
    if (!shown || text === shown) return
    past.push(shown)
    if (past.length > 200) past.shift()
    mayUndo.value = true
    shown = text
  }, { deep: true, debounce: 350 })
  watchDebounced(body, (now) => {
    if (!now || JSON.stringify(now) === kept) return
    if (state.value === 'saved') state.value = 'edited'
    void save()
  }, { deep: true, debounce: 1200 })

  return { body, plan, faults, state, failure, joined, clashes, mayUndo, load, save, undo, settle }
}
