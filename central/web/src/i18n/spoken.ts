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
