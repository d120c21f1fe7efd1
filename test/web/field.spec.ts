// A crew with nothing but a phone: it opens a link, loses the net, writes and photographs, the page is killed, the centre
// is killed while it takes things in, and everything is there once, at its own time.
import type { BrowserContext } from '@playwright/test'
import { createServer, request as ask } from 'node:http'
import type { AddressInfo } from 'node:net'
import { enter, expect, test } from './demo'
import { call, field, handheld, photo, tell, type Entry } from './phone'

interface Step {
  kind: string
  act: string
  text: string
  at: string
  received_at?: string
}
test('a phone without a net, a killed page and a killed centre lose nothing and double nothing', async ({ page, demo, browser }) => {
  test.setTimeout(360_000) // the centre is killed twice
  await enter(page, demo, demo.duty, '/video/links')
  const incident = await call<{ id: string }>(page, demo, 'POST', '/incidents', { title: '外江堤渗漏', category: 'natural.flood', place: '外江堤 3 号闸', summary: '' })
  await page.getByTestId('share').click()
  const form = page.getByTestId('share-dialog')
  await form.getByLabel('给谁用').fill('抢险二队手机')
  await form.getByTestId('link-incident').selectOption(incident.id)
  await form.getByRole('button', { name: '新建链接' }).click()
  const address = await page.getByLabel('链接地址').inputValue()
  await page.getByRole('button', { name: '完成' }).click()

  const context: BrowserContext = await browser.newContext(handheld)
  let phone = await context.newPage()
  await phone.goto(address)
  await expect(phone.getByTestId('box')).toContainText('已全部送达')
  await expect(field(phone)).toHaveAttribute('data-offline', 'true')
  await phone.getByTestId('tab-phone').click()
  await phone.getByTestId('tell-place').click()
  await expect(phone.locator('[data-place=on]')).toBeVisible()
  const picture = await photo(phone)

  // Without a net: written, photographed, and the page killed.
  await context.setOffline(true)
  await tell(phone, '堤脚冒水，直径约 20 厘米', picture)
  await tell(phone, '已铺反滤料')
  await expect(field(phone)).toHaveAttribute('data-waiting', '2')
  if (process.env.SHOTS) await phone.screenshot({ path: `${process.env.SHOTS}/field-offline.png` })
  await phone.close()
  phone = await context.newPage()
  await phone.goto(address)
  await expect(field(phone)).toHaveAttribute('data-waiting', '2')
  await expect(phone.getByTestId('box')).toContainText('2 条存在手机里')
  await tell(phone, '水位仍在上涨', picture)

  // The centre dies again and again while it takes in what waits; the net is back.
  let dying = true
  const kills = (async () => {
    for (let n = 0; n < 2 && dying; n++) {
      const pid = await demo.pid('central')
      process.kill(pid, 'SIGKILL')
      await expect.poll(async () => (await demo.pid('central').catch(() => pid)) !== pid, { timeout: 60_000 }).toBe(true)
      await expect.poll(async () => (await fetch(`${demo.url}/readyz`).catch(() => ({ ok: false }))).ok, { timeout: 60_000 }).toBe(true)
    }
  })()
  await context.setOffline(false)
  await kills
  dying = false
  await expect(field(phone)).toHaveAttribute('data-waiting', '0', { timeout: 120_000 })
  const list = (await call<{ items: Entry[] }>(page, demo, 'GET', `/incidents/${incident.id}/scene`)).items
  expect(list.map((e) => [e.text, e.photos.length])).toEqual([['堤脚冒水，直径约 20 厘米', 1], ['已铺反滤料', 0], ['水位仍在上涨', 1]])
  const room = await call<{ steps: Step[] }>(page, demo, 'GET', `/incidents/${incident.id}`)
  expect(room.steps.filter((s) => s.kind === 'field').length).toBe(3)
  for (const e of list.filter((x) => x.photos.length)) {
    const got = await page.request.get(`${demo.url}/api/v1/incidents/${incident.id}/scene/${e.id}/photos/${e.photos[0]}`)
    expect(got.headers()['content-type']).toBe('image/jpeg')
    expect((await got.body()).length).toBeGreaterThan(10_000)
  }
  await page.goto(`${demo.url}/incident/${incident.id}`)
  await expect(page.getByText('堤脚冒水，直径约 20 厘米')).toBeVisible()
  await expect(page.locator('.steps img').first()).toBeVisible()

  // The answer is lost: the centre has it, the phone sends it again, it stands there once.
  let lost = 0
  await context.route('**/api/v1/field/*/entries', async (route) => {
    if (lost++ > 0) return route.continue()
    await route.fetch()
    await route.abort('connectionreset')
  })
  await tell(phone, '应答丢失的一条')
  await expect(field(phone)).toHaveAttribute('data-waiting', '0', { timeout: 60_000 })
  expect(lost).toBeGreaterThan(1)
  const again = (await call<{ items: Entry[] }>(page, demo, 'GET', `/incidents/${incident.id}/scene`)).items
  expect(again.filter((e) => e.text === '应答丢失的一条').length).toBe(1)

  // Its place stands among the readings, as that of a terminal does.
  const stream = new URL(address).pathname.split('/').at(-1) as string
  const from = new Date(Date.now() - 3_600_000).toISOString()
  await expect.poll(async () => (await call<{ buckets: { last: number }[] }>(page, demo, 'GET', `/telemetry/series/${stream}/lat?from=${from}&to=${new Date().toISOString()}&points=100`)).buckets?.at(-1)?.last).toBeCloseTo(32.55, 4)
  await context.close()
})

test('what waits is sent by the worker when the net is back and the page is closed', async ({ page, demo, browser }) => {
  await enter(page, demo, demo.duty, '/video/links')
  const incident = await call<{ id: string }>(page, demo, 'POST', '/incidents', { title: '海堤管涌', category: 'natural.flood', place: '海堤 7 号桩', summary: '' })
  const link = await call<{ token: string; page: string }>(page, demo, 'POST', '/video-links', { action: 'publish', title: '抢险五队手机', hours: 8, incident_id: incident.id })
  const sent = async () => (await call<{ items: Entry[] }>(page, demo, 'GET', `/incidents/${incident.id}/scene`)).items.map((e) => [e.text, e.photos.length])
  const context = await browser.newContext(handheld)
  let phone = await context.newPage()
  await phone.goto(`${demo.url}${link.page}#${link.token}`)
  await expect(field(phone)).toHaveAttribute('data-offline', 'true')
  await expect(phone.getByTestId('box')).toContainText('已全部送达')
  const picture = await photo(phone)
  await context.setOffline(true)
  await tell(phone, '堤脚管涌，直径 10 厘米', picture)
  await tell(phone, '已围井')
  await expect(field(phone)).toHaveAttribute('data-waiting', '2')
  await phone.close()
  await context.setOffline(false)

  // The browser says to the worker that there is a net; no page of the phone is open.
  const beside = await context.newPage()
  await beside.goto(`${demo.url}/favicon.svg`)
  const devtools = await context.newCDPSession(beside)
  const registered = new Promise<string>((done) => {
    devtools.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) => {
      const own = registrations.find((r) => r.scopeURL === `${demo.url}/field/` && !r.isDeleted)
      if (own) done(own.registrationId)
    })
  })
  await devtools.send('ServiceWorker.enable')
  const registrationId = await registered
  expect(await sent()).toEqual([])
  const again = { origin: demo.url, registrationId, tag: 'fengsui-field', lastChance: false }
  await devtools.send('ServiceWorker.dispatchSyncEvent', again)
  const all = [['堤脚管涌，直径 10 厘米', 1], ['已围井', 0]]
  await expect.poll(sent, { timeout: 60_000 }).toEqual(all)

  // The page finds it done, and nothing is sent twice.
  phone = await context.newPage()
  await phone.goto(`${demo.url}${link.page}#${link.token}`)
  await expect(phone.getByTestId('box')).toContainText('已全部送达')
  await phone.getByTestId('tab-tell').click()
  await expect(phone.locator('[data-testid=item][data-state=sent]')).toHaveCount(2)
  await devtools.send('ServiceWorker.dispatchSyncEvent', again)
  await tell(phone, '围井见清水')
  await expect.poll(sent).toEqual([...all, ['围井见清水', 0]])
  await context.close()
})

test('a phone sends its picture only while somebody watches, and its link is extended', async ({ page, demo, browser }) => {
  test.setTimeout(300_000)
  await enter(page, demo, demo.duty, '/video/links')
  const incident = await call<{ id: string }>(page, demo, 'POST', '/incidents', { title: '外江堤巡查', category: 'natural.flood', place: '外江堤', summary: '' })
  const link = await call<{ token: string; page: string }>(page, demo, 'POST', '/video-links', { action: 'publish', title: '抢险三队手机', hours: 8, incident_id: incident.id })
  const context = await browser.newContext(handheld)
  const phone = await context.newPage()
  await phone.addInitScript(() => {
    // This computer has no battery.
    const battery = Object.assign(new EventTarget(), { level: 0.37, charging: false, chargingTime: Infinity, dischargingTime: 7200 })
    Object.assign(navigator, { getBattery: () => Promise.resolve(battery) })
  })
  await phone.goto(`${demo.url}${link.page}#${link.token}`)
  await expect(field(phone)).toHaveAttribute('data-offline', 'true')
  // The picture goes out only while somebody watches.
  await phone.getByTestId('tab-scene').click()
  await phone.getByTestId('send').click()
  await expect(field(phone)).toHaveAttribute('data-state', 'ready')
  if (process.env.SHOTS) await phone.screenshot({ path: `${process.env.SHOTS}/field-ready.png` })
  await page.goto(`${demo.url}/video`)
  await expect(page.getByTestId('camera-row').filter({ hasText: '抢险三队手机' })).toContainText('待命')
  if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/standby.png` })
  await page.getByTestId('camera-row').filter({ hasText: '抢险三队手机' }).click()
  await expect(page.getByTestId('scene').filter({ hasText: '抢险三队手机' })).toHaveAttribute('data-phase', 'live')
  await expect(field(phone)).toHaveAttribute('data-state', 'sending')
  await phone.getByTestId('tab-phone').click()
  const fact = (what: string) => phone.locator('dl > div').filter({ hasText: what }).locator('dd')
  await expect(fact('电量')).toHaveText('37 %')
  const used = async () => Number.parseFloat((await fact('已用流量').textContent()) ?? '')
  const before = await used()
  await expect.poll(used).toBeGreaterThan(before)
  await page.goto(`${demo.url}/video/links`)
  await expect(field(phone)).toHaveAttribute('data-state', 'ready', { timeout: 60_000 })

  // The desk gives it more time, and the phone says so.
  const row = page.getByRole('row').filter({ hasText: '抢险三队手机' })
  await row.getByTestId('extend-link').click()
  await page.getByTestId('extend-dialog').getByLabel('从现在起再用').selectOption('72')
  await page.getByTestId('extend-dialog').getByRole('button', { name: '延长、改派' }).click()
  await expect(field(phone)).toContainText('2 天', { timeout: 60_000 })
  if (process.env.SHOTS) {
    for (const tab of ['tell', 'phone', 'tasks', 'scene']) {
      await phone.getByTestId(`tab-${tab}`).click()
      await phone.screenshot({ path: `${process.env.SHOTS}/field-${tab}.png` })
    }
    await phone.getByText('中 / EN').click()
    await phone.getByText('Day', { exact: true }).click()
    for (const tab of ['tell', 'phone', 'tasks', 'scene']) {
      await phone.getByTestId(`tab-${tab}`).click()
      await phone.screenshot({ path: `${process.env.SHOTS}/field-${tab}-en.png` })
    }
  }
  await context.close()
})

test('a phone that kept the page takes the next release and holds on to nothing old', async ({ page, demo, browser }) => {
  await enter(page, demo, demo.duty, '/video/links')
  const link = await call<{ token: string; page: string }>(page, demo, 'POST', '/video-links', { action: 'publish', title: '升级手机', hours: 1 })
  // Before the centre stands a door that can make it look like the next release: other names for all files.
  let next = false
  const door = createServer((from, to) => {
    const old = next ? from.url?.replace('-next.', '.') : from.url
    if (next && from.url?.startsWith('/assets/') && !from.url.includes('-next.')) return to.writeHead(404).end()
    const through = ask(demo.url + old, { method: from.method, headers: { ...from.headers, 'accept-encoding': 'identity' } }, (answer) => {
      const parts: Buffer[] = []
      answer.on('data', (b: Buffer) => parts.push(b))
      answer.on('end', () => {
        let body = Buffer.concat(parts)
        const words = /html|javascript|css/.test(answer.headers['content-type'] ?? '')
        if (next && words) body = Buffer.from(body.toString().replaceAll(/([\w-]+)\.(js|css)(?=["'`?)])/g, (all, name: string, kind: string) => (name === 'field-sw' ? all : `${name}-next.${kind}`)).replace('fengsui-field-', 'fengsui-field-next').replace('<head>', '<head><meta name="release" content="next">'))
        const headers = { ...answer.headers }
        delete headers['content-length']
        delete headers['transfer-encoding']
        to.writeHead(answer.statusCode ?? 500, headers).end(body)
      })
    })
    through.on('error', () => to.destroy())
    from.pipe(through)
  })
  await new Promise<void>((done) => door.listen(0, '127.0.0.1', done))
  const at = `http://127.0.0.1:${(door.address() as AddressInfo).port}${link.page}#${link.token}`
  const context = await browser.newContext(handheld)
  const phone = await context.newPage()
  await phone.goto(at)
  await expect(field(phone)).toHaveAttribute('data-offline', 'true')
  const stores = () => phone.evaluate(() => globalThis.caches.keys())
  const [old] = await stores()
  next = true
  await phone.reload()
  await expect(phone.locator('meta[name=release]')).toHaveCount(1)
  await expect(field(phone)).toBeVisible()
  await expect.poll(async () => (await stores()).includes(old as string), { timeout: 60_000 }).toBe(false)
  expect((await stores()).length).toBe(1)
  await context.setOffline(true)
  await phone.reload()
  await expect(phone.locator('meta[name=release]')).toHaveCount(1)
  await expect(field(phone)).toBeVisible()
  await context.close()
  door.closeAllConnections()
  await new Promise((done) => door.close(done))
})
