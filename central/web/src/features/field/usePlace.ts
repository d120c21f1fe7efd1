// Where the phone is, told only after somebody has agreed, and no oftener than it says something new.
import { useBattery } from '@vueuse/core'
import { onScopeDispose, ref, shallowRef } from 'vue'
import { worth } from './judge'
import type { Spot } from './kept'

export type Telling = 'off' | 'asking' | 'on' | 'denied' | 'unavailable'

export function usePlace(stream: string, keep: (spot: Omit<Spot, 'stream'>) => Promise<void>, used: () => number) {
  const agreedAs = 'fengsui.field.place.' + stream
  const state = ref<Telling>('off')
  const here = shallowRef<Omit<Spot, 'stream'>>()
  const { isSupported: told, level } = useBattery()
  let last: Omit<Spot, 'stream'> | undefined
  let watching: number | undefined

  function take({ coords }: GeolocationPosition): void {
    state.value = 'on'
    const spot = {
      at: Date.now(), lon: coords.longitude, lat: coords.latitude, accuracy: Math.round(coords.accuracy),
      ...(coords.heading === null || Number.isNaN(coords.heading) ? {} : { heading: coords.heading }), ...(coords.speed === null ? {} : { speed: coords.speed }),
      ...(told.value ? { battery: Math.round(level.value * 100) } : {}), data: Math.round(used() / 1e5) / 10,
    }
    here.value = spot
    if (!worth(last, spot)) return
    last = spot
    void keep(spot)
  }

  function stop(): void {
    if (watching !== undefined) navigator.geolocation.clearWatch(watching)
    watching = undefined
  }

  function start(): void {
    const geo = navigator.geolocation as Geolocation | undefined
    if (!geo || !globalThis.isSecureContext) {
      state.value = 'unavailable'
      return
    }
    stop()
    state.value = 'asking'
    localStorage.setItem(agreedAs, '1')
    watching = geo.watchPosition(take, (error) => {
      if (error.code === error.PERMISSION_DENIED) {
        state.value = 'denied'
        localStorage.removeItem(agreedAs)
        stop()
      } else if (state.value !== 'on') state.value = 'unavailable'
    }, { enableHighAccuracy: true, maximumAge: 10_000, timeout: 30_000 })
  }

  // withdraw takes the consent back; what is already at the centre stays there.
  function withdraw(): void {
    stop()
    state.value = 'off'
    here.value = undefined
    localStorage.removeItem(agreedAs)
  }

  if (localStorage.getItem(agreedAs)) start()
  onScopeDispose(stop)
  return { state, here, start, withdraw }
}
