/// <reference types="vitest/config" />
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import vue from '@vitejs/plugin-vue'
import { defineConfig, type Plugin, type Rollup } from 'vite'

const centre = process.env.FENGSUI_CENTRE ?? 'http://127.0.0.1:8080'
const toCentre = { target: centre, ws: true, changeOrigin: false }

// fieldWorker writes the service worker of the phone's page: which files it consists of is known only once they are built.
function fieldWorker(): Plugin {
  const source = fileURLToPath(new URL('./src/features/field/worker.js', import.meta.url))
  return {
    name: 'field-worker',
    apply: 'build',
    generateBundle(_, bundle) {
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
      this.emitFile({ type: 'asset', fileName: 'field-sw.js', source: readFileSync(source, 'utf8').replace('FILES', JSON.stringify(list)).replace('VERSION', version) })
    },
  }
}

export default defineConfig({
  plugins: [vue(), fieldWorker()],
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  // dist/.keep is committed so that the Go package builds without a console; Vite must not delete it.
  build: { outDir: 'dist', emptyOutDir: false, chunkSizeWarningLimit: 1200 },
  server: {
    host: '127.0.0.1',
    port: 5173,
    proxy: { '/api': toCentre, '/whep': toCentre, '/whip': toCentre, '/basemap': toCentre },
  },
  test: { include: ['src/**/*.test.ts'], environment: 'node' },
})
