// The promise of telemetry as a technician and a duty officer live it: a terminal and a sensor are brought, a
// limit is published, the link is gone while the water rises, and when it is back the books balance.
import { readFile } from 'node:fs/promises'
import { expect, login, test } from './demo'
import { Terminal } from './terminal'
import { watch } from './video'

const gauge = '海安闸水位（演示）'

test('from an empty terminal to a value on the map, and through a cut link without losing a reading', async ({ page, demo, browser }) => {
  const ports = JSON.parse(await readFile(`${demo.data}/ports.json`, 'utf8')) as { Level: string }
  // The new gauge reads the same simulated device as the one at the sluice.
  await demo.hold('rd-level-1', { water_level: 4.1 })
  await login(page, demo, demo.admin)

  await page.goto(`${demo.url}/more/devices`)
  await page.getByRole('button', { name: '登记设备' }).first().click()
  const dialog = page.getByRole('dialog')
  await dialog.locator('input[name=device-id]').fill('edge-haian')
  await dialog.locator('input[name=device-name]').fill('海安终端（演示）')
  await dialog.getByRole('button', { name: '登记', exact: true }).click()
  const terminal = await Terminal.enrol(demo, 'edge-haian', await dialog.getByLabel('终端命令').inputValue())
  try {
    await dialog.getByRole('button', { name: '完成' }).click()

    await page.goto(`${demo.url}/more/devices/edge-haian`)
    await expect(page.getByText('正在运行终端自己的 edge.yml').or(page.getByText('正在运行第 1 版')).first()).toBeVisible()
    await page.getByRole('button', { name: '添加传感器' }).click()
    await dialog.getByRole('searchbox').fill('generic-water-level-modbus')
    await dialog.getByRole('list').getByRole('button').first().click()
    await dialog.locator('input[name=sensor-address]').fill(ports.Level)
    await dialog.locator('input[name=sensor-name]').fill(gauge)
    await dialog.getByLabel('采集间隔').fill('2s')
    await dialog.getByLabel('经度').fill('120.4697')
    await dialog.getByLabel('纬度').fill('32.5350')
    const id = await dialog.getByLabel('编号', { exact: true }).inputValue()
    await dialog.getByRole('button', { name: '下发到终端' }).click()
    await expect(dialog.getByText(`${gauge} 的第一个读数到了`)).toBeVisible({ timeout: 60_000 })
    await dialog.getByRole('link', { name: '在地图上看' }).click()
    await expect(page.getByTestId('map-detail')).toContainText('4.10 m')

    await page.goto(`${demo.url}/monitor?view=rules`)
    await page.getByRole('button', { name: '新建规则' }).first().click()
    await page.locator('input[name=rule-name]').fill('海安闸高水位')
    await page.getByLabel('类别').selectOption('water_level')
    await page.getByText('该类全部设备（点开可指定）').click()
    await page.getByLabel(gauge).check()
    await page.getByLabel('条件').selectOption('above')
    await page.locator('input[name=rule-limit]').fill('4.6')
    await page.locator('input[name=rule-clear]').fill('4.5')
    await page.getByLabel('持续（秒）').fill('0')
    await page.locator('textarea[name=rule-source]').fill('演示，虚构')
    await page.getByLabel('依据生效日期').fill('2026')
    await page.getByRole('button', { name: '发布…' }).click()
    await dialog.getByLabel('原因（留痕）').fill('演示')
    await dialog.getByRole('button', { name: '发布', exact: true }).click()
    await expect(page.getByText('已生效').first()).toBeVisible({ timeout: 60_000 })

    // The books: how many readings the centre has more than the terminal has taken since it took the configuration
    // over. While one is under way they are one short, so the highest of each reading counts, when two agree.
    const stored = async (): Promise<number> => {
      const [from, to] = [-3_600_000, 60_000].map((ms) => new Date(Date.now() + ms).toISOString())
      const answer = await page.request.get(`${demo.url}/api/v1/telemetry/series/${id}/water_level?from=${from}&to=${to}&points=5000`)
      return ((await answer.json()) as { buckets: { count: number }[] }).buckets.reduce((sum, b) => sum + b.count, 0)
    }
    const taken = async (): Promise<number> => (await terminal.status()).sensors?.find((s) => s.id === id)?.taken ?? 0
    const balance = async (): Promise<number> => {
      const highest = new Map<number, number>()
      await expect(async () => {
        const now = await taken()
        const more = (await stored()) - now
        if ((await taken()) === now) highest.set(now, Math.max(more, highest.get(now) ?? -Infinity))
        expect(highest.get(now - 1), 'two readings in turn agree').toBe(highest.get(now) ?? NaN)
      }).toPass({ timeout: 60_000, intervals: [200] })
      return [...highest.values()].at(-1)!
    }

    const officer = await browser.newContext({ locale: 'zh-CN', timezoneId: 'Asia/Shanghai', viewport: { width: 1920, height: 1080 } })
    const desk = await officer.newPage()
    await login(desk, demo, demo.duty)
    const need = desk.getByRole('region', { name: '现在需要我' })

    const before = await balance()
    terminal.cut()
    await expect(need.getByText('海安终端（演示） 失联')).toBeVisible()
    await demo.hold('rd-level-1', { water_level: 4.8 })
    await expect.poll(async () => (await terminal.status()).backlog.records).toBeGreaterThan(5)
    await demo.hold('rd-level-1', { water_level: 4.9 })
    await expect(need.getByText('海安闸高水位')).toHaveCount(0)
    terminal.mend()

    const row = need.getByRole('listitem').filter({ hasText: '海安闸高水位' })
    await expect(row).toContainText('待确认')
    await expect(row).toContainText('4.90 m')
    await expect(need.getByText('海安终端（演示） 失联')).toHaveCount(0)

    // What is old comes behind what is live, so the books balance a little after the alarm.
    await expect.poll(balance, { timeout: 60_000 }).toBe(before)
    await page.goto(`${demo.url}/more/devices/edge-haian`)
    const fact = (name: string) => page.locator('dl > div').filter({ has: page.getByText(name, { exact: true }) })
    // What is on its way at the moment of the report is no backlog.
    await expect(fact('待传')).toContainText(/^待传\s*(没有|\d 条)/, { timeout: 60_000 })
    await expect(fact('丢失')).toContainText(/^丢失\s*0$/)

    await demo.hold('rd-level-1', { water_level: 4.1 })
    await row.getByRole('button', { name: /^确认/ }).click()
    await desk.getByRole('button', { name: /的名义确认/ }).click()
    await expect(row).toHaveCount(0)
    await officer.close()
  } finally {
    await terminal.stop()
  }
})

test('Enter before the demo cuts the link of the sluice and its pictures, and mends both', async ({ page, demo }) => {
  await login(page, demo, demo.duty)
  const lost = page.getByRole('region', { name: '现在需要我' }).getByText('洋口闸终端（演示） 失联')
  const scene = await page.context().newPage()
  await scene.goto(`${demo.url}/video`)
  await scene.locator('[data-testid=camera-row][data-camera=rd-cam-1]').click()
  const video = scene.locator('[data-testid=scene][data-stream=rd-cam-1] video')
  // plays: pictures are decoded while one looks. A poll may find the tile without its video.
  const plays = async (): Promise<boolean> => {
    if ((await video.count()) === 0) return false
    const before = (await watch(video, 0)).decoded
    return (await watch(video, 1000)).decoded > before
  }
  await expect.poll(plays).toBe(true)
  demo.enter()
  // It says since when, before another session is tried.
  await expect(scene.locator('[data-testid=scene][data-stream=rd-cam-1]').getByTestId('scene-state')).toHaveText(/画面停滞 自 \d{2}:\d{2}:\d{2}/)
  await expect(lost).toBeVisible()
  await expect.poll(plays).toBe(false)
  demo.enter()
  await expect(lost).toHaveCount(0)
  await expect.poll(plays, { timeout: 60_000 }).toBe(true)
  await scene.close()
})
