import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { effectScope, nextTick, ref, type EffectScope } from 'vue'
import { useAsk, type Asked } from './ask'

interface Question {
  signal: AbortSignal
  says: (value: string) => Promise<void>
  fails: () => Promise<void>
}

let scope: EffectScope
beforeEach(() => { scope = effectScope() })
afterEach(() => scope.stop())

// settled lets everything that follows from an answer happen.
const settled = async (): Promise<void> => { for (let i = 0; i < 10; i++) await nextTick() }

// asked is a page whose questions are answered by hand, in any order.
function asked(key: () => string = () => 'a', tick?: () => unknown): { page: Asked<string>; questions: Question[] } {
  const questions: Question[] = []
  const ask = (signal: AbortSignal) => new Promise<string>((resolve, reject) => {
    questions.push({
      signal,
      says: (value) => { resolve(value); return settled() },
      fails: () => { reject(new Error('away')); return settled() },
    })
  })
  const page = scope.run(() => useAsk(key, ask, { ...(tick && { tick }) }))
  if (!page) throw new Error('the scope has ended')
  return { page, questions }
}

describe('useAsk', () => {
  it('drops an older answer that comes after a newer one', async () => {
    const tick = ref(0)
    const { page, questions } = asked(() => 'a', () => tick.value)
    tick.value++
    await settled()
    expect(questions).toHaveLength(2)
    await questions[1]!.says('checked')
    expect(questions[0]!.signal.aborted).toBe(true)
    await questions[0]!.says('draft')
    expect([page.value.value, page.loading.value]).toEqual(['checked', false])
  })

  it('shows an older answer that comes first, and then the newer', async () => {
    const { page, questions } = asked()
    void page.reload()
    await questions[0]!.says('draft')
    expect([page.value.value, page.loading.value]).toEqual(['draft', true])
    await questions[1]!.says('checked')
    expect([page.value.value, page.loading.value]).toEqual(['checked', false])
  })

  it('keeps what stands while it asks and when that fails, and tells a failure only of the newest question', async () => {
    const { page, questions } = asked()
    await questions[0]!.says('one')
    void page.reload()
    expect(page.value.value).toBe('one')
    void page.reload()
    await questions[1]!.fails()
    expect([page.failure.value, page.loading.value]).toEqual([undefined, true])
    await questions[2]!.fails()
    expect([page.value.value, page.loading.value]).toEqual(['one', false])
    expect(page.failure.value).toBeInstanceOf(Error)
    void page.reload()
    await questions[3]!.says('two')
    expect([page.value.value, page.failure.value]).toEqual(['two', undefined])
  })

  it('does not let an older answer hide that the newest question failed', async () => {
    const { page, questions } = asked()
    void page.reload()
    await questions[1]!.fails()
    await questions[0]!.says('old')
    expect(page.value.value).toBeUndefined()
    expect(page.failure.value).toBeInstanceOf(Error)
  })

  it('comes back from a reload when its own answer or a later one is there, never with an earlier', async () => {
    const { page, questions } = asked()
    const seen: (string | undefined)[] = []
    void page.reload().then(() => seen.push(page.value.value))
    await questions[0]!.says('before the act')
    expect(seen).toEqual([])
    void page.reload().then(() => seen.push(page.value.value))
    await questions[2]!.says('after both')
    expect(seen).toEqual(['after both', 'after both'])
  })

  it('forgets what was of the key before, and who waited gets the answer of the new one', async () => {
    const key = ref('a')
    const { page, questions } = asked(() => key.value)
    await questions[0]!.says('of a')
    let back = false
    void page.reload().then(() => { back = true })
    key.value = 'b'
    await settled()
    expect([page.value.value, back]).toEqual([undefined, false])
    await questions[1]!.says('of a, late')
    expect([page.value.value, back]).toEqual([undefined, false])
    await questions[2]!.says('of b')
    expect([page.value.value, back]).toEqual(['of b', true])
  })

  it('asks nothing without a key, and lets nobody wait for it', async () => {
    const key = ref('a')
    const tick = ref(0)
    const { page, questions } = asked(() => key.value, () => tick.value)
    let back = false
    void page.reload().then(() => { back = true })
    key.value = ''
    await settled()
    tick.value++
    await settled()
    await page.reload()
    expect([questions.length, back, page.loading.value]).toEqual([2, true, false])
    await questions[1]!.says('of a, late')
    expect(page.value.value).toBeUndefined()
  })

  it('asks the centre no faster than it answers, misses no news, and one answer that hangs holds up no other', async () => {
    const tick = ref(0)
    const { page, questions } = asked(() => 'a', () => tick.value)
    for (let i = 0; i < 5; i++) {
      tick.value++
      await settled()
    }
    expect(questions).toHaveLength(2) // the first hangs
    await questions[1]!.says('in between')
    expect([page.value.value, questions.length]).toEqual(['in between', 3])
    await questions[2]!.says('the newest')
    expect([page.value.value, questions.length]).toEqual(['the newest', 3])
  })

  it('shows what an act answered against a question asked before it, and then what is newer', async () => {
    const { page, questions } = asked()
    await questions[0]!.says('draft')
    void page.reload()
    void page.put('saved')
    expect(page.value.value).toBe('saved')
    await questions[1]!.says('draft')
    expect(page.value.value).toBe('saved')
    await questions[2]!.says('saved and checked by another')
    expect(page.value.value).toBe('saved and checked by another')
  })

  it('ends with its page: nothing is asked, shown or waited for any more', async () => {
    const tick = ref(0)
    const { page, questions } = asked(() => 'a', () => tick.value)
    let back = false
    void page.reload().then(() => { back = true })
    scope.stop()
    tick.value++
    await settled()
    await page.reload()
    await questions[0]!.says('late')
    expect([questions.length, back, page.value.value]).toEqual([2, true, undefined])
    expect(questions[1]!.signal.aborted).toBe(true)
  })
})
