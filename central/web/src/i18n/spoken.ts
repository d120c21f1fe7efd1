// What data files write in Chinese and then in English, in the language that is read. Pure.

const chinese = /[\u3400-\u9fff]/

// spoken takes the half of a text that ends its Chinese with a full stop and goes on in English. Any other text
// stays whole: what a person wrote is not cut.
export function spoken(text: string, locale: string): string {
  const end = text.lastIndexOf('。') + 1
  const rest = text.slice(end).trim()
  if (!end || !chinese.test(text.slice(0, end)) || !/[a-z]{2} [a-z]/i.test(rest) || chinese.test(rest)) return text
  return locale === 'en' ? rest : text.slice(0, end)
}

const digits = '一二三四五六七八九'

// counted reads a Chinese numeral from 1 to 99; what is none stays as it is.
function counted(text: string): string {
  const parts = /^(?:([一二三四五六七八九])?(十))?([一二三四五六七八九])?$/.exec(text)
  if (!text || !parts) return text
  const tens = parts[2] ? (parts[1] ? digits.indexOf(parts[1]) + 1 : 1) : 0
  return String(tens * 10 + (parts[3] ? digits.indexOf(parts[3]) + 1 : 0))
}

// titled is the title of a report, which the centre writes in Chinese, with what kind of report it is in the language that
// is read: 某事故（续报二） is "某事故 (follow-up 2)".
export function titled(title: string, locale: string): string {
  if (locale !== 'en') return title
  return title.replace(/（(初报|续报|终报|补报)([一二三四五六七八九十]*)）$/, (_, kind: string, no: string) => {
    const words: Record<string, string> = { 初报: 'first report', 续报: 'follow-up', 终报: 'final report', 补报: 'correction' }
    return ` (${[words[kind], counted(no)].filter(Boolean).join(' ')})`
  })
}

// watchNamed is what a shift is called: the usual names in the language that is read, others as somebody wrote them.
export function watchNamed(name: string, locale: string): string {
  const words: Record<string, string> = { 全天: 'all day', 白班: 'day', 夜班: 'night', 早班: 'morning', 中班: 'afternoon', 晚班: 'evening', 前夜: 'first half of the night', 后夜: 'second half of the night' }
  return locale === 'en' ? (words[name] ?? name) : name
}
