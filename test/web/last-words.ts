// Repeats at the very end why a story failed and at which line, since a log is often read from its tail.
import { relative } from 'node:path'
import type { Reporter, TestCase, TestResult } from '@playwright/test/reporter'

export default class LastWords implements Reporter {
  private readonly words: string[] = []

  onTestEnd(test: TestCase, result: TestResult): void {
    if (result.status === 'passed' || result.status === 'skipped') return
    for (const { message = '', location } of result.errors) {
      const plain = message.replace(/\x1b\[[0-9;]*m/g, '').split('\n').slice(0, 12).join('\n')
      this.words.push(`${test.title}\n${relative(import.meta.dirname, location?.file ?? '')}:${location?.line ?? ''}\n${plain}`)
    }
  }

  onEnd(): void {
    for (const word of this.words) process.stdout.write(`\n${word}\n`)
  }

  printsToStdio(): boolean {
    return false
  }
}
