// Chinese first, English complete. One text file for each language; the keys are flat and sorted.
import { createI18n } from 'vue-i18n'
import en from './en.json'
import zh from './zh-CN.json'

export type Locale = 'zh-CN' | 'en'

export const i18n = createI18n({
  legacy: false,
  flatJson: true,
  locale: 'zh-CN',
  fallbackLocale: 'zh-CN',
  messages: { 'zh-CN': zh, en },
})

export function setLocale(locale: Locale): void {
  i18n.global.locale.value = locale
  document.documentElement.lang = locale
}
