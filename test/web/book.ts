// A book of the manual's pictures in one language, taken from the running demo. They are written to
// docs/images/manual/LANGUAGE, in 128 colours, so that a page of them stays light.
import type { Browser, Locator, Page } from '@playwright/test'
import { execFile } from 'node:child_process'
import { mkdir, readFile, rm } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { enter, expect, login, type Demo } from './demo'

export const root = path.resolve(import.meta.dirname, '../..')

export type Language = 'zh-CN' | 'en'

// Book takes the pictures of one language.
export class Book {
  private constructor(readonly page: Page, readonly demo: Demo, readonly language: Language, private readonly texts: Record<string, string>) {}

  static async open(browser: Browser, demo: Demo, language: Language, who = demo.admin, to = ''): Promise<Book> {
    const context = await browser.newContext({ locale: 'zh-CN', timezoneId: 'Asia/Shanghai', viewport: { width: 1366, height: 768 } })
    const page = await context.newPage()
    await (to ? enter(page, demo, who, to) : login(page, demo, who))
    if (language === 'en') await page.getByRole('button', { name: '切换到英文' }).click()
    const texts = JSON.parse(await readFile(path.join(root, `central/web/src/i18n/${language}.json`), 'utf8')) as Record<string, string>
    return new Book(page, demo, language, texts)
  }

  // t is a text of the console, up to its first gap.
  t(key: string): string {
    const text = this.texts[key]
    if (!text) throw new Error(`there is no text ${key}`)
    return text.split('{')[0]!
  }

  one(chinese: string, english: string): string {
    return this.language === 'en' ? english : chinese
  }

  button(key: string): Locator {
    return this.page.getByRole('button', { name: this.t(key) }).first()
  }

  get dialog(): Locator {
    return this.page.getByRole('dialog')
  }

  async go(to: string): Promise<void> {
    await this.page.goto(this.demo.url + to)
    await expect(this.page.getByText(this.t('frame.demo.badge')).first()).toBeVisible()
  }

  async send<T>(to: string, data: unknown): Promise<T> {
    const answer = await this.page.request.post(`${this.demo.url}/api/v1${to}`, { data, headers: { Origin: this.demo.url } })
    if (!answer.ok()) throw new Error(`${to}: ${await answer.text()}`)
    return (await answer.json()) as T
  }

  async take(name: string, page = this.page): Promise<void> {
    await page.waitForTimeout(4_000) // a map drawn in software takes its time
    const folder = path.join(root, 'docs/images/manual', this.language)
    await mkdir(folder, { recursive: true })
    const raw = path.join(this.demo.data, `${name}.png`)
    await page.screenshot({ path: raw })
    const filter = 'split[a][b];[a]palettegen=max_colors=128:stats_mode=single[p];[b][p]paletteuse=dither=none'
    await promisify(execFile)('ffmpeg', ['-v', 'error', '-y', '-i', raw, '-vf', filter, '-compression_level', '9', path.join(folder, `${name}.png`)])
    await rm(raw)
  }
}
