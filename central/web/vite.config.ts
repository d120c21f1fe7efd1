/// <reference types="vitest/config" />
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import vue from '@vitejs/plugin-vue'
import { build, defineConfig, type Plugin, type Rollup } from 'vite'

const source = { '@': fileURLToPath(new URL('./src', import.meta.url)) }
const centre = process.env.FENGSUI_CENTRE ?? 'http://127.0.0.1:8080'
const toCentre = { target: centre, ws: true, changeOrigin: false }

// sending is what the worker has of the page: one text, for a worker of the browsers that know no modules there.
async function sending(): Promise<string> {
  const entry = fileURLToPath(new URL('./src/features/field/later.ts', import.meta.url))
  const made = (await build({
    configFile: false, logLevel: 'warn', define: { 'process.env.NODE_ENV': '"production"' }, publicDir: false, resolve: { alias: source },
    build: { write: false, lib: { entry, formats: ['iife'], name: 'sending' } },
  })) as Rollup.RollupOutput[]
  const part = made[0]?.output[0]
  if (part?.type !== 'chunk') throw new Error('what the worker sends was not built')
  return part.code
}

// fieldWorker writes the service worker of the phone's page: which files it consists of is known only once they are built.
function fieldWorker(): Plugin {
  const text = fileURLToPath(new URL('./src/features/field/worker.js', import.meta.url))
  return {
    name: 'field-worker',
    apply: 'build',
    async generateBundle(_, bundle) {
      const files = new Set<string>()
      const take = (part?: Rollup.OutputChunk | Rollup.OutputAsset) => {
        if (part?.type !== 'chunk' || files.has(part.fileName)) return
        files.add(part.fileName)
        for (const css of part.viteMetadata?.importedCss ?? []) files.add(css)
        for (const name of part.imports) take(bundle[name])
      }
      const parts = Object.values(bundle)
      const page = parts.find((p) => p.type === 'chunk' && p.facadeModuleId?.endsWith('features/field/FieldPage.vue'))
      if (!page) return this.error('the page of phones is no chunk of its own')
      take(page)
      take(parts.find((p) => p.type === 'chunk' && p.isEntry))
      const list = ['/field/', '/favicon.svg', '/field-manifest.json', ...[...files].sort().map((f) => `/${f}`)]
      const version = createHash('sha256').update(list.join()).digest('hex').slice(0, 16)
      const worker = readFileSync(text, 'utf8').replace('FILES', JSON.stringify(list)).replace('VERSION', version)
      this.emitFile({ type: 'asset', fileName: 'field-sw.js', source: `${await sending()}\n${worker}` })
    },
  }
}

export default defineConfig({
  plugins: [vue(), fieldWorker()],
  resolve: { alias: source },
  // dist/.keep is committed so that the Go package builds without a console; Vite must not delete it.
  build: { outDir: 'dist', emptyOutDir: false, chunkSizeWarningLimit: 1200 },
  server: {
    host: '127.0.0.1',
    port: 5173,
    proxy: { '/api': toCentre, '/whep': toCentre, '/whip': toCentre, '/basemap': toCentre },
  },
  test: { include: ['src/**/*.test.ts'], environment: 'node' },
})
