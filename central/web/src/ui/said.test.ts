import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createSSRApp, effectScope, ref, type EffectScope } from 'vue'
import { renderToString } from 'vue/server-renderer'
import SaidNote from './SaidNote.vue'
import { useSaid, type SaidTime } from './said'
import { useNow } from './now'
import { i18n } from '@/i18n'

const noon = new Date(2026, 10, 26, 12, 0, 0)
let scope: EffectScope
beforeEach(() => {
  vi.useFakeTimers({ now: noon })
  scope = effectScope()
  useNow().value = noon.getTime()
})
afterEach(() => {
  scope.stop()
  vi.useRealTimers()
})

const text = ref('')
function typed(first: string): SaidTime {
  text.value = first
  const made = scope.run(() => useSaid(() => text.value))
  if (!made) throw new Error('the scope has ended')
  return made
}
const note = (time: SaidTime): Promise<string> => renderToString(createSSRApp(SaidNote, { time }).use(i18n)).then((html) => html.replaceAll(/<!--.*?-->/g, ''))

describe('useSaid', () => {
  it('takes a time of today as it is, and tells nothing of none', () => {
    const time = typed('')
    expect([time.said.value, time.at.value, time.wrong.value, time.doubt.value]).toEqual([undefined, undefined, false, false])
    text.value = '11:30'
    expect(time.at.value).toEqual(new Date(2026, 10, 26, 11, 30))
    expect(time.doubt.value).toBe(false)
    text.value = '25:30'
    expect([time.wrong.value, time.at.value]).toEqual([true, undefined])
  })
  it('holds a doubtful time back until somebody means it, and asks again for another', () => {
    const time = typed('11-27 08:00')
    expect([time.doubt.value, time.at.value]).toEqual([true, undefined])
    time.mean()
    expect([time.doubt.value, time.at.value]).toEqual([false, new Date(2026, 10, 27, 8, 0)])
    text.value = '11-28 08:00'
    expect([time.doubt.value, time.at.value]).toEqual([true, undefined])
    text.value = '11-27 08:00' // what was meant stays meant
    expect(time.doubt.value).toBe(false)
  })
})

describe('SaidNote', () => {
  it('says nothing beside a time of today', async () => {
    expect(await note(typed('11:30'))).toBe('')
  })
  it('says the day that was read where it is another', async () => {
    const html = await note(typed('11-25 08:00'))
    expect(html).toContain('2026-11-25 08:00')
    expect(html).not.toContain('<button')
  })
  it('asks for a time that has not come', async () => {
    const time = typed('11-27 08:00')
    const html = await note(time)
    expect(html).toContain('role="alert"')
    expect(html).toContain('2026-11-27 08:00 还没到')
    expect(html).toContain(i18n.global.t('said.yes'))
    time.mean()
    expect(await note(time)).not.toContain('<button')
  })
  it('asks where a bare time of later today was read as long ago', async () => {
    const html = await note(typed('13:30')) // yesterday's, more than twelve hours ago
    expect(html).toContain('2026-11-25 13:30')
    expect(html).toContain('<button')
  })
})
