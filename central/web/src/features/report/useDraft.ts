// A draft keeps itself: what is typed goes to the centre after a moment, field by field, and stays on this computer
// until the centre has it. Without a link it is tried again, and it is there again after a reload.
import { useEventListener, watchDebounced } from '@vueuse/core'
import { computed, onScopeDispose, ref, shallowRef, watch, type ComputedRef, type Ref, type ShallowRef } from 'vue'
import { copyOf, editsOf, flat, merged, restored, wrongOf, type Copy, type Fields } from './draft'
import type { Conflict, Edit, View } from './types'
import { useAsk } from '@/api/ask'
import { ApiError } from '@/api/errors'

// Centre is where drafts are.
export interface Centre {
  read: (id: string) => Promise<View>
  save: (id: string, edits: Edit[]) => Promise<View & { conflicts: Conflict[] | null }>
  // tick changes when the centre may know more.
  tick?: () => unknown
}

type Shelf = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>

export interface Draft {
  view: ShallowRef<View | undefined>
  typed: Ref<Record<string, string>>
  seen: ComputedRef<Fields>
  conflicts: ShallowRef<Conflict[]>
  failure: ComputedRef<unknown>
  saving: Ref<boolean>
  // unsaved says that something stands in the form that the centre has not got.
  unsaved: ComputedRef<boolean>
  // wrong says why a field is held back: figure, time, or refused by the centre.
  wrong: (field: string) => '' | 'figure' | 'time' | 'refused'
  // brought says that unsaved text was found on this computer.
  brought: Ref<boolean>
  load: () => Promise<void>
  save: () => Promise<void>
  decide: (conflict: Conflict, mine: boolean) => void
  show: (view: View) => void
  // forget drops what this computer keeps, because the draft is gone.
  forget: () => void
}

const retryEvery = 5_000

export function useDraft(id: () => string, user: string, may: (view: View) => boolean, formOf: (field: string) => string, centre: Centre, shelf: Shelf = localStorage): Draft {
  const view = shallowRef<View>()
  const typed = ref<Record<string, string>>({})
  const conflicts = shallowRef<Conflict[]>([])
  const unsent = shallowRef<unknown>() // why the last save did not arrive
  const saving = ref(false)
  const brought = ref(false)
  const refused = ref<Record<string, string>>({}) // the texts that the centre did not take
  const seen = computed<Fields>(() => (view.value ? flat(view.value) : {}))
  const writing = computed(() => Boolean(view.value && may(view.value)))
  const unsaved = computed(() => writing.value && copyOf(typed.value, seen.value, conflicts.value) !== undefined)
  const place = () => `fengsui-report-${user}-${view.value?.id ?? ''}`

  function wrong(field: string, text = typed.value[field] ?? ''): '' | 'figure' | 'time' | 'refused' {
    return wrongOf(field, text, formOf(field)) || (refused.value[field] !== undefined && refused.value[field] === text.trim() ? 'refused' : '')
  }
  function kept(): Copy | undefined {
    try {
      const text = shelf.getItem(place())
      return text ? (JSON.parse(text) as Copy) : undefined
    } catch {
      return undefined // a copy that cannot be read is none
    }
  }
  function keep(): void {
    if (!writing.value) return
    const copy = copyOf(typed.value, seen.value, conflicts.value)
    try {
      if (copy) shelf.setItem(place(), JSON.stringify(copy))
      else shelf.removeItem(place())
    } catch {
      // A browser that keeps nothing leaves what the page itself holds.
    }
  }
  watch([typed, conflicts, view], keep, { deep: true })

  const asked = useAsk(id, () => centre.read(id()), { tick: () => centre.tick?.() })
  // While a save is under way, its own words would look like somebody else's.
  let received: View | undefined
  watch([asked.value, saving], ([got, busy]) => {
    if (!got || busy || got === received) return
    received = got
    receive(got)
  })
  watch(id, () => { view.value = undefined })
  function receive(got: View): void {
    const fresh = view.value?.id !== got.id
    if (!fresh && got.version < (view.value?.version ?? 0)) return // a save was faster
    const before = seen.value
    view.value = got
    const copy = fresh && writing.value ? kept() : undefined
    if (!fresh) take(merged(typed.value, before, [], flat(got), conflicts.value, got.updated_by))
    else take(copy ? restored(copy, flat(got), got.updated_by) : { typed: flat(got), conflicts: [] })
    if (fresh) brought.value = Boolean(copy)
  }
  function take(now: { typed: Record<string, string>; conflicts: Conflict[] }): void {
    typed.value = now.typed
    conflicts.value = now.conflicts
  }

  let again = false
  async function save(): Promise<void> {
    if (!writing.value || !view.value) return
    if (saving.value) {
      again = true
      return
    }
    const edits = editsOf(typed.value, seen.value, conflicts.value, (f, text) => wrong(f, text) !== '')
    if (!edits.length) return
    const of = view.value.id
    saving.value = true
    try {
      const got = await centre.save(of, edits)
      if (view.value.id === of) {
        if (got.version < view.value.version) void asked.reload() // somebody's later save is shown already
        const before = seen.value
        view.value = got
        take(merged(typed.value, before, edits, flat(got), [...conflicts.value, ...(got.conflicts ?? [])], got.updated_by))
        unsent.value = undefined
      }
    } catch (error) {
      const field = refusedOf(error, edits)
      if (field) {
        // One field that the centre does not take holds up none of the others.
        refused.value = { ...refused.value, [field.field]: field.to }
        again = true
      } else unsent.value = error
    }
    saving.value = false
    if (again) {
      again = false
      await save()
    }
  }
  watchDebounced(typed, () => void save(), { debounce: 800, deep: true })
  const failure = computed(() => unsent.value ?? asked.failure.value)
  const retry = () => {
    if (unsent.value && unsaved.value) void save()
  }
  useEventListener('online', retry)
  const retrying = setInterval(retry, retryEvery)
  onScopeDispose(() => clearInterval(retrying))

  return {
    view, typed, seen, conflicts, failure, saving, unsaved, wrong, brought, load: asked.reload, save,
    decide(conflict, mine) {
      conflicts.value = conflicts.value.filter((one) => one !== conflict)
      if (!mine) typed.value[conflict.field] = conflict.theirs
      void save()
    },
    show(now) {
      view.value = now
      take({ typed: flat(now), conflicts: [] })
    },
    forget() {
      shelf.removeItem(place())
      view.value = undefined
      take({ typed: {}, conflicts: [] })
    },
  }
}

// refusedOf is the edit that a refusal names.
function refusedOf(error: unknown, edits: readonly Edit[]): Edit | undefined {
  if (!(error instanceof ApiError) || error.status !== 422) return undefined
  return edits.find((e) => error.field(e.field))
}
