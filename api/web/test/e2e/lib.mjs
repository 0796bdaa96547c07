// What every way through a page begins with: a real Chromium, in which each console error, each
// thing that the content policy forbids and each request to elsewhere is a fault, and axe.
// Who runs a script drives the phones: it says on stdout what it is about to wait for, one line each,
// and the phones' side answers a line when it has done its part.
//
//   node NAME.mjs BASE TOKEN     CHROMIUM names the browser, PICTURES a folder for pictures, one within for each NAME
import {readFileSync} from 'node:fs'
import {basename} from 'node:path'
import {createRequire} from 'node:module'
import {createInterface} from 'node:readline'
import {chromium} from 'playwright-core'

export const [base, token, ...more] = process.argv.slice(2)
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const lines = createInterface({input: process.stdin})[Symbol.asyncIterator]()
const faults = []

export function check(ok, what) {
  if (!ok) faults.push(what)
}

// phones asks the phones' side for something, and waits until it is done.
export async function phones(what) {
  console.log(what)
  const {value, done} = await lines.next()
  if (done) throw new Error(`nobody does "${what}"`)
  return value
}

const browser = await chromium.launch({executablePath: process.env.CHROMIUM, args: ['--no-sandbox']})

// refused are answers that say no on purpose, which a browser writes down all the same: who is not signed in is told so.
const refused = new Set([401])
let calm = true // false while operadora is away: what then cannot be loaded is no fault

// expect has answers of a status, asked for on purpose, be no fault.
export function expect(status) {
  refused.add(status)
}

// away says whether operadora is.
export function away(is) {
  calm = !is
}

const ours = [base]

// allow has requests to an address that is not ours, to which somebody is sent on purpose, be no fault.
export function allow(address) {
  ours.push(address)
}

// listen has a page's errors be faults.
export function listen(page) {
  page.on('pageerror', (e) => faults.push(`error: ${e}`))
  page.on('console', (m) => {
    if (m.type() !== 'error' && m.type() !== 'warning') return
    const status = Number(/status of (\d+)/.exec(m.text())?.[1])
    if (refused.has(status) || (!calm && /Failed to load resource|net::ERR/.test(m.text()))) return
    faults.push(`console: ${m.text()} ${m.location().url}`)
  })
  page.on('request', (r) => check(ours.some((o) => r.url().startsWith(o)), `foreign request: ${r.url()}`))
}

// somebody is a browser of its own, with nobody signed in.
export async function somebody() {
  const context = await browser.newContext({viewport: {width: 1280, height: 900}, locale: 'en-GB'})
  context.setDefaultTimeout(20_000)
  await context.addInitScript(() => {
    addEventListener('securitypolicyviolation', (e) => console.error(`policy: ${e.violatedDirective} ${e.blockedURI} ${e.sample}`))
  })
  const page = await context.newPage()
  listen(page)
  return {context, page}
}

export const {context, page} = await somebody()

let pictures = 0
export async function picture(name, of = page) {
  if (process.env.PICTURES) await of.screenshot({path: `${process.env.PICTURES}/${basename(process.argv[1], '.mjs')}/${String(++pictures).padStart(2, '0')}-${name}.png`, fullPage: true})
}

// look chooses a theme and a language: also behind a dialog, where nothing can be operated.
async function look(theme, language, of) {
  await of.evaluate((chosen) => {
    for (const [name, value] of Object.entries(chosen)) {
      const select = document.querySelector(`select[name=${name}]`)
      select.value = value
      select.dispatchEvent(new Event('change', {bubbles: true}))
    }
  }, {theme, language})
  await of.waitForFunction(([th, l]) => document.documentElement.lang === l && document.documentElement.dataset.theme === th, [theme, language])
}

// accessible runs axe in both languages and both themes.
export async function accessible(where, of = page) {
  for (const theme of ['light', 'dark']) {
    for (const language of ['en', 'es']) {
      await look(theme, language, of)
      if (!(await of.evaluate(() => 'axe' in window))) await of.evaluate(axe) // by the debugger's protocol, which the content policy is not asked about
      const found = await of.evaluate(async () => {
        const {violations, passes} = await window.axe.run(document)
        return [...violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html).slice(0, 3).join(' ')}`), ...(passes.length < 5 ? ['axe looked at nothing'] : [])]
      })
      for (const v of found) faults.push(`axe, ${where}, ${language}, ${theme}: ${v}`)
      await picture(`${where}-${language}-${theme}`, of)
    }
  }
  // Who is signed in likes the last look: what is done next must not come before that is kept.
  const known = await of.locator('a[href="#/account"]').count()
  const kept = known ? of.waitForResponse((r) => {
    const liked = r.request().method() === 'PUT' && r.url().endsWith('/me/preferences') ? r.request().postDataJSON() : {}
    return liked.language === 'en' && liked.theme !== 'dark'
  }) : undefined
  await look('light', 'en', of)
  await kept
}

export const sees = (selector, text, of = page) => of.locator(selector).filter({hasText: text}).first().waitFor()

// signIn has somebody sign in with a token.
export async function signIn(as = token, of = page) {
  await of.fill('input[name=token]', as)
  await of.keyboard.press('Enter')
}

// way goes a way through the pages and ends the program: ok, or faults.
export async function way(through) {
  try {
    await through()
  } catch (e) {
    faults.push(String(e.stack ?? e))
    await picture('fault')
  }
  await browser.close()
  for (const f of faults) console.error(`fault: ${f}`)
  console.log(faults.length === 0 ? 'ok' : 'faults')
  process.exit(faults.length === 0 ? 0 : 1)
}
