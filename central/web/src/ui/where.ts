// Where this browser is, or why it does not say. It never keeps an answer waiting: the place is added after.
export interface Where {
  lat?: number
  lon?: number
  accuracy?: number
  why?: 'denied' | 'unavailable'
}

const patienceMs = 8000

export function whereabouts(): Promise<Where> {
  const here = globalThis.navigator?.geolocation as Geolocation | undefined
  if (!here || !globalThis.isSecureContext) return Promise.resolve({ why: 'unavailable' })
  return new Promise((resolve) => {
    here.getCurrentPosition(
      ({ coords }) => resolve({ lat: coords.latitude, lon: coords.longitude, accuracy: Math.round(coords.accuracy) }),
      (error) => resolve({ why: error.code === error.PERMISSION_DENIED ? 'denied' : 'unavailable' }),
      { timeout: patienceMs, maximumAge: 60_000 },
    )
  })
}
