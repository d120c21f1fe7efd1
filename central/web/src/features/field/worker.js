// The page of phones without a net: its own files are kept on the phone, nothing else. A new release of the centre has
// new names for its files and another list here, so the browser takes this worker anew and nothing old is held on to.
// What it sends while the page is closed stands in later.ts, which the build puts before this.
const files = FILES
const cacheName = 'fengsui-field-VERSION'
const patienceMs = 4000

self.addEventListener('install', (e) => {
  e.waitUntil((async () => {
    const cache = await caches.open(cacheName)
    await cache.addAll(files.map((f) => new Request(f, { cache: 'no-cache' })))
    await self.skipWaiting()
  })())
})

self.addEventListener('activate', (e) => {
  e.waitUntil((async () => {
    for (const name of await caches.keys()) if (name.startsWith('fengsui-field-') && name !== cacheName) await caches.delete(name)
    await self.clients.claim()
  })())
})

// page is the newest one that can be had: the centre's, and without a link the one that was kept.
async function page(request) {
  try {
    const answer = await fetch(request, { signal: AbortSignal.timeout(patienceMs) })
    if (answer.ok) return answer
  } catch {
    // no link
  }
  // It is kept under an address of phones: only there does the centre allow the camera.
  return (await caches.match('/field/')) ?? Response.error()
}

self.addEventListener('fetch', (e) => {
  const address = new URL(e.request.url)
  if (e.request.method !== 'GET' || address.origin !== self.location.origin) return
  if (e.request.mode === 'navigate') e.respondWith(page(e.request))
  else if (files.includes(address.pathname)) e.respondWith((async () => (await caches.match(address.pathname)) ?? fetch(e.request))())
})

self.addEventListener('sync', (e) => {
  if (e.tag === 'fengsui-field') e.waitUntil(sending.later())
})
