// The running demo as a fixture: started once for all stories, stopped at the end.
import { test as base, expect, type Browser, type Page } from '@playwright/test'
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'

export interface Login {
  user: string
  password: string
}

export interface Head {
  Pan: number
  Tilt: number
  Zoom: number
  moving: boolean
}

export interface Demo {
  url: string
  data: string
  duty: Login
  county: Login
  admin: Login
  // hold keeps a simulated value; null lets its wave go on.
  hold(device: string, values: Record<string, number | null>): Promise<void>
  // damage lets what a simulated satellite receiver says next have a wrong checksum, once.
  damage(device: string): Promise<void>
  // show has a simulated camera go on with another clip of test/clips, in the middle.
  show(camera: string, clip: string): Promise<void>
  // watching is how many readers a simulated camera plays to.
  watching(camera: string): Promise<number>
  // spoken is how many packets of sound came for the loudspeaker of a simulated camera.
  spoken(camera: string): Promise<number>
  // head is where a simulated head looks, in degrees, and whether it turns.
  head(dome: string): Promise<Head>
  // enter presses Enter before the demo: the link of the terminal at the sluice is cut, or mended.
  enter(): void
  // pid of central, sim, edge-rudong or edge-qidong.
  pid(program: string): Promise<number>
}

const root = path.resolve(import.meta.dirname, '../..')

async function start(data: string): Promise<{ child: ChildProcess; greeting: string }> {
  const bin = process.env.FENGSUI_BIN ?? path.join(root, 'bin')
  const child = spawn(path.join(bin, 'fengsui-demo'), ['--bin', bin, '--data', data, '--root', root, '--free-ports'], { stdio: ['pipe', 'pipe', 'pipe'] })
  let said = ''
  const greeting = await new Promise<string>((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`the demo is not ready: ${said}`)), 300_000)
    const hear = (text: Buffer) => {
      said += text.toString()
      if (said.includes('Ctrl-C stops everything')) {
        clearTimeout(late)
        resolve(said)
      }
    }
    child.stdout.on('data', hear)
    child.stderr.on('data', hear)
    child.on('exit', (code) => {
      clearTimeout(late)
      reject(new Error(`the demo ended with ${code}: ${said}`))
    })
  })
  return { child, greeting }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGTERM')
  await ended
}

export const test = base.extend<{ alone: undefined }, { demo: Demo }>({
  // A page that another story left open goes on listening: an alarm of its county would then no longer wait here.
  alone: [
    async ({ browser }, use) => {
      await use(undefined)
      for (const left of browser.contexts()) await left.close()
    },
    { auto: true },
  ],
  demo: [
    // eslint-disable-next-line no-empty-pattern
    async ({}, use) => {
      const data = process.env.FENGSUI_DEMO_DATA ?? (await mkdtemp(path.join(tmpdir(), 'fengsui-demo-')))
      const { child } = await start(data)
      try {
        const logins = JSON.parse(await readFile(path.join(data, 'logins.json'), 'utf8')) as { url: string; zhiban: string; rudong: string; admin: string }
        const ports = JSON.parse(await readFile(path.join(data, 'ports.json'), 'utf8')) as { Ctrl: string }
        const control = `http://${ports.Ctrl}`
        await use({
          url: logins.url,
          data,
          duty: { user: 'zhiban', password: logins.zhiban },
          county: { user: 'rudong', password: logins.rudong },
          admin: { user: 'admin', password: logins.admin },
          async hold(device, values) {
            const answer = await fetch(`${control}/devices/${device}/values`, { method: 'POST', body: JSON.stringify(values) })
            if (!answer.ok) throw new Error(`the simulator answers ${answer.status}`)
          },
          async damage(device) {
            const answer = await fetch(`${control}/devices/${device}/damage`, { method: 'POST' })
            if (!answer.ok) throw new Error(`the simulator answers ${answer.status}`)
          },
          async show(camera, clip) {
            const answer = await fetch(`${control}/devices/${camera}/clip`, { method: 'POST', body: JSON.stringify({ clip }) })
            if (!answer.ok) throw new Error(`the simulator answers ${answer.status}`)
          },
          async watching(camera) {
            const state = (await (await fetch(`${control}/state`)).json()) as { watching: Record<string, number> }
            return state.watching[camera] ?? 0
          },
          async spoken(camera) {
            const state = (await (await fetch(`${control}/state`)).json()) as { spoken: Record<string, number> }
            return state.spoken[camera] ?? 0
          },
          async head(dome) {
            const state = (await (await fetch(`${control}/state`)).json()) as { domes: Record<string, Head> }
            const head = state.domes[dome]
            if (!head) throw new Error(`the simulator has no head ${dome}`)
            return head
          },
          enter() {
            child.stdin?.write('\n')
          },
          async pid(program) {
            return Number((await readFile(path.join(data, 'run', `${program}.pid`), 'utf8')).trim())
          },
        })
      } finally {
        await stop(child)
        if (!process.env.FENGSUI_DEMO_DATA) await rm(data, { recursive: true, force: true })
      }
    },
    { scope: 'worker', timeout: 330_000 },
  ],
})

// login opens the console as a user and waits for the desk.
export async function login(page: Page, demo: Demo, who: Login): Promise<void> {
  await page.goto(demo.url)
  await page.getByLabel('用户名').fill(who.user)
  await page.getByLabel('密码', { exact: true }).fill(who.password)
  await page.getByRole('button', { name: '登录' }).click()
  await expect(page.getByRole('navigation').getByText('值班台')).toBeVisible()
}

// enter signs in without the desk, whose map is drawn in software for each page.
export async function enter(page: Page, demo: Demo, who: Login, at: string): Promise<void> {
  const answer = await page.request.post(`${demo.url}/api/v1/session`, { data: { username: who.user, password: who.password }, headers: { Origin: demo.url } })
  expect(answer.ok()).toBe(true)
  await page.goto(demo.url + at)
}

// desk is a page of somebody else, with the small screen that a county's desk has.
export async function desk(browser: Browser): Promise<Page> {
  return (await browser.newContext({ locale: 'zh-CN', timezoneId: 'Asia/Shanghai', viewport: { width: 1366, height: 768 } })).newPage()
}

// listen counts the tones that the page plays from now on.
export async function listen(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const counted = window as unknown as { beeps: number }
    counted.beeps = 0
    const start = OscillatorNode.prototype.start
    OscillatorNode.prototype.start = function (when?: number) {
      counted.beeps++
      start.call(this, when)
    }
  })
}

export function beeps(page: Page): Promise<number> {
  return page.evaluate(() => (window as unknown as { beeps: number }).beeps)
}

// leaveAsFound leaves the desk as it was found: what has ended is acknowledged until nothing is left, and says by name what is.
export async function leaveAsFound(page: Page): Promise<void> {
  await expect.poll(() => page.evaluate(acknowledge)).toEqual([])
}

// acknowledge takes every alarm that has ended and names what still stands; it runs in the page.
async function acknowledge(): Promise<string[]> {
  const list = (await (await fetch('/api/v1/alarms?state=active')).json()) as { items: { id: string; rule: string; device: string; state: string }[] | null }
  for (const a of (list.items ?? []).filter((x) => x.state === 'returned')) await fetch(`/api/v1/alarms/${a.id}/ack`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{"note":""}' })
  return (list.items ?? []).map((a) => `${a.device} ${a.rule} ${a.state}`)
}

// picture writes a screenshot for the README when asked to.
export async function picture(page: Page, name: string): Promise<void> {
  if (process.env.SCREENSHOTS !== '1') return
  await page.waitForTimeout(6_000) // a map drawn in software takes its time
  await page.screenshot({ path: path.join(root, 'docs/images', `${name}.png`) })
}

export { expect }
