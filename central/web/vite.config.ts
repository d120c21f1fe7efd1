/// <reference types="vitest/config" />
import { fileURLToPath } from 'node:url'
import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vite'

const centre = process.env.FENGSUI_CENTRE ?? 'http://127.0.0.1:8080'
const toCentre = { target: centre, ws: true, changeOrigin: false }

export default defineConfig({
  plugins: [vue()],
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
