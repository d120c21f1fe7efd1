import { expect, it } from 'vitest'
import { spoken } from './spoken'

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
