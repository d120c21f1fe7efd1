// A picture for the report: frozen at the scene of an incident, chosen in the form, sent upward, seen by the desk that
// receives it, and printed in the document that the county signs.
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtemp, readdir, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { desk, enter, expect, test, type Login } from './demo'
import { fetched, sign } from './paper'
import { first } from './report'

const run = promisify(execFile)

test('a picture that was frozen goes with the report upward and stands in its document', async ({ page, demo, browser }) => {
  test.setTimeout(300_000)
  const title = `外闸渗水 ${Date.now() % 10_000}`
  const clerk = await desk(browser)
  const headers = { Origin: demo.url }
  const ask = async <T>(who: typeof page, to: string, method = 'GET', data?: unknown): Promise<T> => {
    const answer = await who.request.fetch(`${demo.url}/api/v1${to}`, { method, data, headers })
    expect(answer.ok(), `${to}: ${await answer.text()}`).toBe(true)
    return (await answer.json().catch(() => ({}))) as T
  }

  // The county has somebody who signs, and a prefix for its reports.
  await enter(clerk, demo, demo.admin, '/more')
  const orgs = await ask<{ items: { id: string; division: string }[] }>(clerk, '/orgs')
  const leader: Login = { user: `kong${Date.now()}`, password: 'Correct-horse-7' }
  const made = await ask<{ password: string }>(clerk, '/users', 'POST', { username: leader.user, name: '孔局', org_id: orgs.items.find((o) => o.division === '320623')!.id, roles: ['leader'] })
  await clerk.context().clearCookies()
  await enter(clerk, demo, { user: leader.user, password: made.password }, '/account')
  await ask(clerk, '/session/password', 'POST', { old: made.password, new: leader.password })
  const letterhead = await ask<Record<string, unknown>>(clerk, '/papers/letterhead')
  delete letterhead.$schema
  delete letterhead.org_id
  await ask(clerk, '/papers/letterhead', 'PUT', { ...letterhead, prefixes: { report: '如演报' } })

  // The county freezes what the camera beside the incident shows; for which incident it is, is said already.
  const county = await desk(browser)
  await enter(county, demo, demo.county, '/video')
  const { items } = await ask<{ items: { id: string; place?: { lon: number; lat: number } }[] }>(county, '/devices?limit=500')
  const place = items.find((d) => d.id === 'rd-cam-1')?.place ?? items.find((d) => d.id === 'edge-rudong')!.place!
  const incident = await ask<{ id: string; no: string }>(county, '/incidents', 'POST', { title, summary: '外闸右侧渗水，水量不大', category: 'natural.flood', place: '洋口外闸', lon: place.lon, lat: place.lat, occurred_at: new Date().toISOString() })
  await county.goto(`${demo.url}/video`)
  await county.getByTestId('camera-row').filter({ hasText: '洋口外闸' }).click()
  const tile = county.getByTestId('scene').filter({ hasText: '洋口外闸' })
  await expect(tile).toHaveAttribute('data-phase', 'live')
  await tile.hover()
  await tile.getByTestId('scene-snapshot').click()
  await expect(tile.getByTestId('kept-incident')).toHaveValue(incident.no)
  if (process.env.SHOTS) await county.screenshot({ path: `${process.env.SHOTS}/kept.png` })

  // It stands in the form of the report, is chosen by a click, and goes upward with it.
  await county.goto(`${demo.url}/incident/${incident.id}`)
  await expect(county.getByRole('region', { name: '报告与批示' })).toBeVisible()
  const pictures = county.getByTestId('report-pictures')
  await first(county, title, '已派员封堵，正在排查', '孔局', '', async () => {
    await pictures.getByTestId('report-picture').first().check() // the newest: alarms have left others
    await expect(pictures).toContainText('1/6')
    if (process.env.SHOTS) await county.screenshot({ path: `${process.env.SHOTS}/picker.png` })
  })

  // The city sees it.
  await enter(page, demo, demo.duty, '/report')
  const row = page.getByRole('region', { name: '收到待处理' }).getByRole('listitem').filter({ hasText: title })
  await row.getByRole('button', { name: '打开' }).click()
  const shown = page.getByTestId('report-pictures')
  await expect(shown.getByTestId('still')).toHaveAttribute('data-ready', 'true')
  const hash = (await shown.locator('code').getAttribute('title'))!
  expect(hash).toMatch(/^[0-9a-f]{64}$/)
  if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/received.png` })

  // The county makes its document of it and signs; on the pages the picture is drawn.
  await clerk.context().clearCookies()
  await enter(clerk, demo, leader, new URL(county.url()).pathname)
  await clerk.getByRole('link', { name: `${title}（初报）` }).click()
  await clerk.getByRole('button', { name: '生成公文' }).click()
  const image = clerk.getByTestId('sheet-picture')
  await expect(image).toHaveCount(1)
  await expect.poll(() => image.evaluate(async (e) => (await fetch((e as SVGImageElement).href.baseVal)).ok)).toBe(true)
  await clerk.getByRole('button', { name: '取发文字号' }).click()
  await sign(clerk, leader)
  if (process.env.SHOTS) await clerk.screenshot({ path: `${process.env.SHOTS}/paper.png` })

  // The receiving desk fetches the document: the picture is in it as it was frozen, with camera, time and hash.
  await page.goto(clerk.url())
  const pdf = await fetched(page, 'PDF')
  const folder = await mkdtemp(path.join(tmpdir(), 'printed-'))
  await run('pdfimages', ['-j', pdf.file, path.join(folder, 'p')])
  const [file] = await readdir(folder)
  expect(createHash('sha256').update(await readFile(path.join(folder, file!))).digest('hex')).toBe(hash)
  const said = (await run('pdftotext', ['-layout', pdf.file, '-'])).stdout.replaceAll(/\s/g, '')
  expect(said).toMatch(/图一：洋口外闸[^，]*，\d{4}年\d{1,2}月\d{1,2}日\d\d时\d\d分\d\d秒（北京时间）/)
  expect(said).toContain(`SHA-256${hash.slice(0, 12)}`)
  if (process.env.SHOTS) await run('pdftoppm', ['-r', '60', '-png', pdf.file, path.join(process.env.SHOTS, 'pdf')])
  for (const one of [county, clerk]) await one.context().close()
})
