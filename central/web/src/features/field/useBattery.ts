// The battery of the phone, where the browser tells it; iOS and Firefox do not.
import { onMounted, onScopeDispose, ref } from 'vue'

interface Battery extends EventTarget {
  level: number
  charging: boolean
}

export function useBattery() {
  const percent = ref<number>()
  const charging = ref(false)
  let battery: Battery | undefined
  function read(): void {
    if (!battery) return
    percent.value = Math.round(battery.level * 100)
    charging.value = battery.charging
  }
  onMounted(async () => {
    const ask = (navigator as { getBattery?: () => Promise<Battery> }).getBattery
    battery = await ask?.call(navigator).catch(() => undefined)
    battery?.addEventListener('levelchange', read)
    battery?.addEventListener('chargingchange', read)
    read()
  })
  onScopeDispose(() => {
    battery?.removeEventListener('levelchange', read)
    battery?.removeEventListener('chargingchange', read)
  })
  return { percent, charging }
}
