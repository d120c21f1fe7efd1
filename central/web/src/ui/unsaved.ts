// Edits that nobody has saved yet: before a page, a dialog or a drawer goes away with them, one is asked. Every form of
// the console registers here; UnsavedAsk asks; the browser asks by itself when the whole console is reloaded.
import { onScopeDispose, shallowRef } from 'vue'
import type { LocationQuery, Router } from 'vue-router'

interface Form {
  edited: () => boolean
  // given takes the edits for saved, because the person gave them up.
  given: () => void
  within: readonly string[]
}

export interface Unsaved {
  // leave goes on when nothing is edited, or once the person gives the edits up. It is the before-close of a dialog.
  leave: (go: () => void) => Promise<void>
  // saved says that what stands in the form now is kept.
  saved: () => void
}

const forms = new Set<Form>()
// question is answered by UnsavedAsk.
export const question = shallowRef<(givenUp: boolean) => void>()

function ask(): Promise<boolean> {
  question.value?.(false)
  return new Promise((resolve) => {
    question.value = (givenUp) => {
      question.value = undefined
      resolve(givenUp)
    }
  })
}

async function giveUp(edited: readonly Form[]): Promise<boolean> {
  if (!edited.length) return true
  const givenUp = await ask()
  if (givenUp) for (const form of edited) form.given()
  return givenUp
}

const editedForms = (): Form[] => [...forms].filter((f) => f.edited())

// mayLeave asks for every form that is edited.
export function mayLeave(): Promise<boolean> {
  return giveUp(editedForms())
}

// leaveAll is the before-close of a drawer whose parts have forms of their own.
export async function leaveAll(go: () => void): Promise<void> {
  if (await mayLeave()) go()
}

// useUnsaved guards what state tells of a form; undefined says that there is nothing to lose. within names the parts
// of the address that take the form away from a page that stays.
export function useUnsaved(state: () => unknown, within: readonly string[] = []): Unsaved {
  const now = () => JSON.stringify(state())
  let kept = now()
  const form: Form = {
    within,
    edited: () => {
      const text = now()
      return text !== undefined && text !== kept
    },
    given: () => (kept = now()),
  }
  forms.add(form)
  onScopeDispose(() => forms.delete(form))
  return {
    saved: form.given,
    leave: async (go) => {
      if (await giveUp(form.edited() ? [form] : [])) go()
    },
  }
}

// goes reports whether a way from one place to another takes a form away.
export function goes(within: readonly string[], from: { path: string; query: LocationQuery }, to: { path: string; query: LocationQuery }): boolean {
  return from.path !== to.path || within.some((name) => from.query[name] !== to.query[name])
}

// guardUnsaved asks before every way to another place, and makes the browser ask before a reload. The login is never
// held up: there the session is over already.
export function guardUnsaved(router: Router): void {
  router.beforeEach((to, from) => to.name === 'login' || giveUp(editedForms().filter((f) => goes(f.within, from, to))))
  globalThis.addEventListener('beforeunload', (e) => {
    if (editedForms().length) e.preventDefault()
  })
}
