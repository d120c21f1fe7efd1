import { describe, expect, it } from 'vitest'
import { effectScope, nextTick, shallowRef } from 'vue'
import { useEdited } from './edited'

interface Text { edit: number; title: string; text: string; state: string }

const one = (edit: number, text: string, state = 'draft'): Text => ({ edit, title: '说明', text, state })

async function opened(first: Text | undefined) {
  const given = shallowRef(first)
  const form = effectScope(true).run(() => useEdited(() => given.value, ['title', 'text']))!
  const bring = async (next: Text | undefined) => {
    given.value = next
    await nextTick()
  }
  return { form, bring }
}

describe('useEdited', () => {
  it('does not let an older answer of the page take back what an act has answered', async () => {
    const { form, bring } = await opened(one(1, '甲'))
    form.words.value.text = '乙'
    form.take(one(2, '乙'))
    await bring(one(1, '甲'))
    expect([form.words.value.text, form.seen.value, form.newest.value?.edit, form.dirty.value]).toEqual(['乙', 2, 2, false])
    form.take(one(3, '乙', 'checked'))
    await bring(one(2, '乙'))
    expect([form.seen.value, form.newest.value?.state]).toEqual([3, 'checked'])
  })

  it('takes what another wrote right after the own save, though the page never showed the own', async () => {
    const { form, bring } = await opened(one(1, '甲'))
    form.words.value.text = '乙'
    form.take(one(2, '乙'))
    await bring(one(3, '丙'))
    expect([form.words.value.text, form.seen.value, form.dirty.value]).toEqual(['丙', 3, false])
  })

  it('shows what another wrote before the own answer came', async () => {
    const { form, bring } = await opened(one(1, '甲'))
    await bring(one(3, '丙'))
    form.take(one(2, '乙'))
    expect([form.words.value.text, form.seen.value, form.newest.value?.edit]).toEqual(['丙', 3, 3])
  })

  it('keeps own words that nobody has saved, and the edit that they began from', async () => {
    const { form, bring } = await opened(one(1, '甲'))
    form.words.value.text = '乙'
    await bring(one(2, '丙'))
    expect([form.words.value.text, form.seen.value, form.dirty.value, form.newest.value?.text]).toEqual(['乙', 1, true, '丙'])
  })

  it('lets own words be saved when only the state has moved on', async () => {
    const { form, bring } = await opened(one(1, '甲'))
    form.words.value.text = '乙'
    await bring(one(2, '甲', 'checked'))
    expect([form.words.value.text, form.seen.value, form.dirty.value]).toEqual(['乙', 2, true])
  })

  it('forgets everything with the thing that it was of', async () => {
    const { form, bring } = await opened(one(7, '甲'))
    form.words.value.text = '乙'
    await bring(undefined)
    await bring(one(1, '别的'))
    expect([form.words.value.text, form.seen.value, form.dirty.value]).toEqual(['别的', 1, false])
  })
})
