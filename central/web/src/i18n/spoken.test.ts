import { expect, it } from 'vitest'
import { spoken, titled, watchNamed } from './spoken'

const both = '本项目经验值，无标准依据。由各级修订。Figures of this project without a standard.'

it('takes the half of the language', () => {
  expect(spoken(both, 'zh-CN')).toBe('本项目经验值，无标准依据。由各级修订。')
  expect(spoken(both, 'en')).toBe('Figures of this project without a standard.')
  expect(spoken('未核对原文。\n GB/T 50493-2019, read in a summary', 'en')).toBe('GB/T 50493-2019, read in a summary')
})
it('leaves whole what is in one language or mixed', () => {
  for (const text of ['', '市防汛办〔2026〕3 号', 'A notice of the city.', '见 GB 3838。表 1 的 pH', '见标准。GB 3838-2002', 'Limit of a norm。按通知执行']) {
    expect(spoken(text, 'en')).toBe(text)
    expect(spoken(text, 'zh-CN')).toBe(text)
  }
})

it('says what kind of report it is', () => {
  for (const [zh, en] of [['仓库火灾（初报）', '仓库火灾 (first report)'], ['仓库火灾（续报二）', '仓库火灾 (follow-up 2)'], ['仓库火灾（续报十）', '仓库火灾 (follow-up 10)'], ['仓库火灾（续报二十一）', '仓库火灾 (follow-up 21)'], ['仓库火灾（补报一）', '仓库火灾 (correction 1)'], ['仓库火灾（终报）', '仓库火灾 (final report)'], ['（初报）会议', '（初报）会议'], ['', '']] as const) {
    expect(titled(zh, 'en')).toBe(en)
    expect(titled(zh, 'zh-CN')).toBe(zh)
  }
})
it('calls shifts', () => {
  expect([watchNamed('夜班', 'en'), watchNamed('夜班', 'zh-CN'), watchNamed('防汛一组', 'en')]).toEqual(['night', '夜班', '防汛一组'])
})
