// Empties dist before a build but leaves dist/.keep, which the Go package needs.
import { readdirSync, rmSync } from 'node:fs'

for (const name of readdirSync('dist')) {
  if (name !== '.keep') rmSync(`dist/${name}`, { recursive: true })
}
