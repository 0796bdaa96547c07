import {gzipSync} from 'node:zlib'
import {readdirSync, readFileSync, statSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {svelte} from '@sveltejs/vite-plugin-svelte'
import {defineConfig, type Plugin} from 'vite'

// What the pages may weigh, compressed: the script with which everything begins, each
// further one, and everything together as it lies in the program.
const budget = {shell: 45_000, chunk: 40_000, all: 1_500_000}

// finish compresses what was built, and fails when it is over its budget.
function finish(): Plugin {
  let shell: string[] = []
  return {
    name: 'operadora-finish',
    apply: 'build',
    generateBundle(_, bundle) {
      for (const item of Object.values(bundle)) {
        if (item.type === 'chunk' && item.isEntry) shell = [item.fileName, ...item.imports]
      }
    },
    closeBundle() {
      let all = 0
      let first = 0
      for (const name of readdirSync('dist/assets')) {
        if (name.endsWith('.gz')) continue
        const file = join('dist/assets', name)
        const plain = readFileSync(file)
        const zipped = gzipSync(plain, {level: 9})
        if (zipped.length < plain.length) writeFileSync(file + '.gz', zipped)
        all += plain.length + zipped.length
        if (!name.endsWith('.js')) continue
        const begins = shell.includes('assets/' + name)
        if (begins) first += zipped.length
        else if (zipped.length > budget.chunk) throw new Error(`${name} is ${zipped.length} bytes, compressed; it may have ${budget.chunk}`)
      }
      all += statSync('dist/index.html').size
      if (first === 0) throw new Error('no script is known to be the first')
      if (first > budget.shell) throw new Error(`the first script is ${first} bytes, compressed; it may have ${budget.shell}`)
      if (all > budget.all) throw new Error(`the pages are ${all} bytes; they may have ${budget.all}`)
      writeFileSync('dist/.gitkeep', '')
      console.log(`first script ${first} bytes compressed, everything ${all} bytes`)
    },
  }
}

// forbid refuses what the content policy would.
function forbid(): Plugin {
  return {
    name: 'operadora-forbid',
    enforce: 'pre',
    transform(code, id) {
      if (!id.endsWith('.svelte') || id.includes('node_modules')) return
      for (const bad of [/\sstyle="/, /\{@html/, /\son[a-z]+="/]) {
        if (bad.test(code)) throw new Error(`${id} has ${bad}, which the content policy forbids`)
      }
    },
  }
}

export default defineConfig({
  base: './',
  plugins: [forbid(), svelte(), finish()],
  build: {target: 'es2022', assetsInlineLimit: 0, modulePreload: {polyfill: false}, reportCompressedSize: false},
  worker: {format: 'es'},
  server: {proxy: {'/api': 'http://127.0.0.1:8090'}},
  test: {include: ['test/unit/**/*.test.ts']},
} as Parameters<typeof defineConfig>[0])
