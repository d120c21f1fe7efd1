// Boards, the list of devices, and the technician who adds a sensor.
import { readFile } from 'node:fs/promises'
import { expect, login, picture, test } from './demo'

test('the board of the river shows the water from upstream to downstream and follows it', async ({ page, demo }) => {
  await login(page, demo, demo.duty)
  await page.goto(`${demo.url}/monitor-board`)
  await page.getByRole('link', { name: '如东河道看板（演示）', exact: true }).click()
  const courses = page.getByRole('table', { name: '各站过程' })
  await expect(courses.getByRole('row')).toHaveCount(3)
  await expect(courses.getByRole('row').first()).toContainText('岔河闸水位')
  await demo.hold('rd-level-2', { water_level: 4.56 })
  await expect(courses.getByRole('row').first()).toContainText('4.56 m')
  await demo.hold('rd-level-2', { water_level: null })
  await picture(page, 'board')
  await page.getByRole('button', { name: '编辑' }).click()
  const tiles = page.locator('section.panel')
  const before = await tiles.count()
  await page.getByRole('button', { name: '去掉图块 告警' }).click()
  await expect(tiles).toHaveCount(before - 1)
  await page.getByRole('button', { name: /撤销/ }).click()
  await expect(tiles).toHaveCount(before)
  await page.getByRole('button', { name: '取消' }).click()
  await expect(page.getByRole('button', { name: '编辑' })).toBeVisible()
})

test('a list with a wrong row registers nothing, the mended one everything', async ({ page, demo }) => {
  await login(page, demo, demo.admin)
  await page.goto(`${demo.url}/more/devices`)
  await page.getByRole('button', { name: '批量登记' }).click()
  const dialog = page.getByRole('dialog')
  const upload = (name: string) => dialog.locator('input[type=file]').setInputFiles(new URL(`./testdata/${name}`, import.meta.url).pathname)
  await upload('devices-wrong.xlsx')
  await expect(dialog.getByText('将登记 2，不变 0，有问题 1')).toBeVisible()
  await expect(dialog.getByText('与第 2 行重复；删去一行或换编号')).toBeVisible()
  await expect(dialog.getByRole('button', { name: '登记', exact: true })).toBeDisabled()
  await upload('devices-good.xlsx')
  await expect(dialog.getByText('将登记 2，不变 0，有问题 0')).toBeVisible()
  await dialog.getByRole('button', { name: '登记 2 台' }).click()
  await expect(dialog.getByText('已登记 2 台设备。')).toBeVisible()
  const [file] = await Promise.all([page.waitForEvent('download'), dialog.getByRole('button', { name: '下载登记结果 XLSX' }).click()])
  expect((await readFile(await file.path())).subarray(0, 2).toString()).toBe('PK')
  await dialog.locator('.el-dialog__headerbtn').click()
  await page.getByRole('button', { name: '批量登记' }).click()
  await upload('devices-good.xlsx')
  await expect(dialog.getByText('将登记 0，不变 2，有问题 0')).toBeVisible()
})

test('a technician adds a sensor to a terminal and sees its first reading', async ({ page, demo }) => {
  const ports = JSON.parse(await readFile(`${demo.data}/ports.json`, 'utf8')) as { Upper: string }
  await login(page, demo, demo.admin)
  await page.goto(`${demo.url}/more/devices/edge-qidong`)
  // A damaged frame of the receiver behind it is told with its kind and its bytes, and stands on the page. The
  // terminal reports at once when it has a device without a value; a fix between two looks of it goes unnoticed.
  await expect(async () => {
    await demo.damage('qd-gps-1')
    const said = (await (await page.request.get(`${demo.url}/api/v1/devices/edge-qidong/status`)).json()) as { faults: { device: string; kind: string; last?: { raw?: string } }[] | null }
    const frame = said.faults?.find((f) => f.device === 'qd-gps-1' && f.kind === 'checksum')?.last?.raw ?? ''
    expect(Buffer.from(frame, 'hex').toString()).toMatch(/^\$GM(RMC|GGA|VTG|HDT),/)
  }).toPass({ timeout: 60_000, intervals: [1000] })
  const bad = page.getByRole('region', { name: '坏输入' })
  await expect(bad.getByRole('row').filter({ hasText: '校验错' })).toBeVisible()
  await page.getByRole('button', { name: '添加传感器' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('searchbox').fill('generic-water-level-modbus')
  await dialog.getByRole('listitem').getByRole('button').first().click()
  await dialog.locator('input[name=sensor-address]').fill(ports.Upper)
  await dialog.locator('input[name=sensor-name]').fill('吕四港潮位')
  await dialog.getByRole('button', { name: '下发到终端' }).click()
  await expect(dialog.getByText('终端已采用新配置')).toBeVisible({ timeout: 90_000 })
  await expect(dialog.getByText('吕四港潮位 的第一个读数到了')).toBeVisible({ timeout: 60_000 })
  await expect(dialog.getByText(/\d\.\d\d m$/)).toBeVisible()
})
