// Chinese first, English complete. The texts of the map and video come from their own files.
import { createI18n } from 'vue-i18n'
import en from './en.json'
import zh from './zh-CN.json'
import { flatten, type Texts } from './flatten'

export type Locale = 'zh-CN' | 'en'

const parts = import.meta.glob<{ default: Texts }>('./map.*.json', { eager: true })

function texts(locale: Locale, own: Texts): Record<string, string> {
  return { ...flatten(own), ...flatten(parts[`./map.${locale}.json`]?.default ?? {}) }
}

export const i18n = createI18n({
  legacy: false,
  flatJson: true,
  locale: 'zh-CN',
  fallbackLocale: 'zh-CN',
  messages: { 'zh-CN': texts('zh-CN', zh), en: texts('en', en) },
})

export function setLocale(locale: Locale): void {
  i18n.global.locale.value = locale
  document.documentElement.lang = locale
}
