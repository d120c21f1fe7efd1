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
