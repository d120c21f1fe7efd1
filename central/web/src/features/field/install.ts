// Makes the page one that opens without a net, and that a phone may put among its programs.

export async function install(): Promise<boolean> {
  if (!document.querySelector('link[rel=manifest]')) {
    const link = document.createElement('link')
    link.rel = 'manifest'
    link.href = '/field-manifest.json'
    document.head.append(link)
  }
  const workers = navigator.serviceWorker as ServiceWorkerContainer | undefined
  if (!workers || !import.meta.env.PROD) return false
  try {
    await workers.register('/field-sw.js', { scope: '/field/', updateViaCache: 'none' })
    await workers.ready
    return true
  } catch {
    return false // the page works as long as it stays open
  }
}

// SyncManager is not in the types of the browser: Chromium has it, others do not.
interface Later {
  sync?: { register: (tag: string) => Promise<void> }
}

// askLater has the worker send what waits once there is a net, also when the page is closed by then. Where the browser cannot do
// that, the page sends when it is open.
export async function askLater(): Promise<void> {
  const workers = navigator.serviceWorker as ServiceWorkerContainer | undefined
  const installed = (await workers?.getRegistration('/field/')) as (ServiceWorkerRegistration & Later) | undefined
  await installed?.sync?.register('fengsui-field').catch(() => undefined) // not allowed by whoever set the phone up
}
