import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { effectScope, nextTick, ref, type EffectScope } from 'vue'
import { createMemoryHistory, createRouter } from 'vue-router'
import { guardUnsaved, mayLeave, question, useUnsaved, type Unsaved } from './unsaved'

let scope: EffectScope
beforeEach(() => (scope = effectScope()))
afterEach(() => scope.stop())

function form(state: () => unknown, within?: string[]): Unsaved {
  const made = scope.run(() => useUnsaved(state, within))
  if (!made) throw new Error('the scope has ended')
  return made
}
async function answer(givenUp: boolean): Promise<void> {
  await vi.waitFor(() => expect(question.value).toBeDefined())
  question.value?.(givenUp)
  await nextTick()
}

describe('useUnsaved', () => {
  it('lets go what nobody edited, and asks for what was', async () => {
    const text = ref('a')
    const { leave, saved } = form(() => text.value)
    const go = vi.fn()
    await leave(go)
    expect(go).toHaveBeenCalledTimes(1)
    text.value = 'b'
    const staying = leave(go)
    await answer(false)
    await staying
    expect(go).toHaveBeenCalledTimes(1)
    const going = leave(go)
    await answer(true)
    await going
    expect(go).toHaveBeenCalledTimes(2)
    await leave(go) // what was given up is not asked for again
    text.value = 'c'
    saved()
    await leave(go)
    expect(go).toHaveBeenCalledTimes(4)
  })
  it('has nothing to lose where the form says so, and once it is gone', async () => {
    const text = ref<string>()
    form(() => text.value)
    expect(await mayLeave()).toBe(true)
    text.value = 'a'
    const asked = mayLeave()
    await answer(false)
    expect(await asked).toBe(false)
    scope.stop()
    expect(await mayLeave()).toBe(true)
  })
})

describe('guardUnsaved', () => {
  const page = { render: () => null }
  async function routed() {
    const router = createRouter({ history: createMemoryHistory(), routes: [{ path: '/a', component: page }, { path: '/b', component: page }, { path: '/login', name: 'login', component: page }] })
    guardUnsaved(router)
    await router.push('/a')
    return router
  }
  beforeEach(() => vi.stubGlobal('addEventListener', () => {}))
  afterEach(() => vi.unstubAllGlobals())

  it('asks before another page, not for a filter of the same one, and never before the login', async () => {
    const router = await routed()
    const text = ref('a')
    form(() => text.value, ['view'])
    text.value = 'b'
    await router.push('/a?q=1')
    expect(router.currentRoute.value.query.q).toBe('1')
    const tab = router.push('/a?view=x')
    await answer(false)
    await tab
    expect(router.currentRoute.value.query.view).toBeUndefined()
    const other = router.push('/b')
    await answer(true)
    await other
    expect(router.currentRoute.value.path).toBe('/b')
    text.value = 'c'
    await router.push('/login')
    expect(router.currentRoute.value.path).toBe('/login')
  })
})
