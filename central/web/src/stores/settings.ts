// What a person has chosen on this computer: language, theme, wall mode, alarm sound.
import { useLocalStorage } from '@vueuse/core'
import { defineStore } from 'pinia'
import { watchEffect } from 'vue'
import { setLocale, type Locale } from '@/i18n'

export type Theme = 'dark' | 'light'

export const useSettings = defineStore('settings', () => {
  const locale = useLocalStorage<Locale>('fengsui.locale', 'zh-CN')
  const theme = useLocalStorage<Theme>('fengsui.theme', 'dark')
  const wall = useLocalStorage('fengsui.wall', false)
  const muted = useLocalStorage('fengsui.muted', false)

  watchEffect(() => setLocale(locale.value))
  watchEffect(() => {
    const root = document.documentElement
    root.dataset.theme = theme.value
    root.classList.toggle('dark', theme.value === 'dark')
    root.toggleAttribute('data-wall', wall.value)
  })

  function switchLocale(): void {
    locale.value = locale.value === 'zh-CN' ? 'en' : 'zh-CN'
  }
  function switchTheme(): void {
    theme.value = theme.value === 'dark' ? 'light' : 'dark'
  }

  return { locale, theme, wall, muted, switchLocale, switchTheme }
})
