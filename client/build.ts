/**
 * Builds the four programs, each on its own: nothing of one may reach the bundle of another.
 *
 * `node build.ts [--watch] [player|console|practice|portal ...]`; without a name, all. Chromium 109 is the
 * oldest browser served (the last for Windows 7), for scripts and for styles.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import vue from '@vitejs/plugin-vue'
import { build, type InlineConfig } from 'vite'

const HERE = import.meta.dirname
const BASES = { player: '/exam/', console: '/console/', practice: '/', portal: '/portal/' } as const
type Program = keyof typeof BASES
const OLDEST = 'chrome109'
/** Scripts of a program, compressed: what an old PC must load before the first question. */
const BUDGET_BYTES: Partial<Record<Program, number>> = {
  player: 120_000,
  practice: 120_000,
  portal: 120_000,
}

function configOf(program: Program, watch: boolean): InlineConfig {
  return {
    configFile: false,
    root: join(HERE, program),
    base: BASES[program],
    publicDir: 'public',
    logLevel: 'warn',
    resolve: { alias: { '@': HERE } },
    plugins: [vue()],
    define: {
      __VUE_OPTIONS_API__: 'false',
      __VUE_PROD_DEVTOOLS__: 'false',
      __VUE_I18N_LEGACY_API__: 'false',
      __INTLIFY_PROD_DEVTOOLS__: 'false',
    },
    build: {
      outDir: join(HERE, 'dist', program),
      emptyOutDir: true,
      target: OLDEST,
      cssTarget: OLDEST,
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      reportCompressedSize: false,
      chunkSizeWarningLimit: 1500,
      watch: watch ? {} : null,
    },
  }
}

function checkBudget(program: Program): void {
  const budget = BUDGET_BYTES[program]
  if (budget === undefined) return
  const assets = join(HERE, 'dist', program, 'assets')
  const scripts = readdirSync(assets).filter((name) => name.endsWith('.js'))
  const sizes = scripts.map((name) => gzipSync(readFileSync(join(assets, name))).length)
  const total = sizes.reduce((sum, size) => sum + size, 0)
  if (total === 0 || total > budget) {
    throw new Error(`${program}: ${total} bytes of compressed scripts, allowed are ${budget}`)
  }
}

function isProgram(word: string): word is Program {
  return word in BASES
}

const words = process.argv.slice(2)
const watch = words.includes('--watch')
const named = words.filter((word) => word !== '--watch')
const unknown = named.filter((word) => !isProgram(word))
if (unknown.length > 0) throw new Error(`unknown program: ${unknown.join(', ')}`)

const wanted = named.length > 0 ? named.filter(isProgram) : (Object.keys(BASES) as Program[])
for (const program of wanted) {
  if (!existsSync(join(HERE, program, 'index.html'))) {
    throw new Error(`${program}/index.html is missing`)
  }
  await build(configOf(program, watch))
  if (!watch) checkBudget(program)
}
