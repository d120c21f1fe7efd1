// What a person has chosen on this computer: language, theme, wall mode, alarm sound.
import { useLocalStorage } from '@vueuse/core'
import { defineStore } from 'pinia'
import { watchEffect } from 'vue'
import { setLocale, type Locale } from '@/i18n'

// Nobody is to forget that the alarms are silent.
const muteMs = 15 * 60_000

export type Theme = 'dark' | 'light'

export const useSettings = defineStore('settings', () => {
  const locale = useLocalStorage<Locale>('fengsui.locale', 'zh-CN')
  const theme = useLocalStorage<Theme>('fengsui.theme', 'dark')
  const wall = useLocalStorage('fengsui.wall', false)
  // mutedUntil is when the alarm sound comes back by itself, in milliseconds; 0 while it is on.
  const mutedUntil = useLocalStorage('fengsui.muted_until', 0)

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

  function mute(now: number): void {
    mutedUntil.value = now + muteMs
  }
  function unmute(): void {
    mutedUntil.value = 0
  }

  return { locale, theme, wall, mutedUntil, switchLocale, switchTheme, mute, unmute }
})
