// A supervisor's way through the floor page, in a real Chromium, against a real operadora.
// Who runs it drives the phones: it says on stdout what it is about to wait for, one line each,
// and the phones' side answers a line when it has done its part.
//
//   node floor.mjs BASE TOKEN     CHROMIUM names the browser, PICTURES a folder for pictures
import {readFileSync} from 'node:fs'
import {createRequire} from 'node:module'
import {createInterface} from 'node:readline'
import {chromium} from 'playwright-core'

const [base, token] = process.argv.slice(2)
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const faults = []
const lines = createInterface({input: process.stdin})[Symbol.asyncIterator]()

// phones asks the phones' side for something, and waits until it is done.
async function phones(what) {
  console.log(what)
  const {value, done} = await lines.next()
  if (done) throw new Error(`nobody does "${what}"`)
  return value
}

function check(ok, what) {
  if (!ok) faults.push(what)
}

const browser = await chromium.launch({executablePath: process.env.CHROMIUM, args: ['--no-sandbox']})
const context = await browser.newContext({viewport: {width: 1280, height: 900}, locale: 'en-GB'})
context.setDefaultTimeout(20_000)

let calm = true // false while operadora is away: what then cannot be loaded is no fault
function listen(page) {
  page.on('pageerror', (e) => faults.push(`error: ${e}`))
  page.on('console', (m) => {
    if (m.type() !== 'error' && m.type() !== 'warning') return
    // A browser writes down each answer that says no: who is not signed in is told so on purpose.
    if (/status of 401/.test(m.text()) || (!calm && /Failed to load resource|net::ERR/.test(m.text()))) return
    faults.push(`console: ${m.text()} ${m.location().url}`)
  })
  page.on('request', (r) => check(r.url().startsWith(base), `foreign request: ${r.url()}`))
}
await context.addInitScript(() => {
  addEventListener('securitypolicyviolation', (e) => console.error(`policy: ${e.violatedDirective} ${e.blockedURI} ${e.sample}`))
})
const page = await context.newPage()
listen(page)

let pictures = 0
async function picture(name) {
  if (process.env.PICTURES) await page.screenshot({path: `${process.env.PICTURES}/${String(++pictures).padStart(2, '0')}-${name}.png`, fullPage: true})
}

// accessible runs axe in both languages and both themes.
async function accessible(where, inDialog = false) {
  for (const theme of ['light', 'dark']) {
    for (const language of ['en', 'es']) {
      if (inDialog) {
        // What is behind a dialog cannot be operated: the looks are set as the selects would.
        await page.evaluate(([th]) => (document.documentElement.dataset.theme = th), [theme])
      } else {
        await page.selectOption('select[name=theme]', theme)
        await page.selectOption('select[name=language]', language)
        await page.waitForFunction((l) => document.documentElement.lang === l, language)
      }
      await page.evaluate(axe) // by the debugger's protocol, which the content policy is not asked about
      const found = await page.evaluate(async () => {
        const {violations, passes} = await window.axe.run(document)
        return [...violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html).slice(0, 3).join(' ')}`), ...(passes.length < 5 ? ['axe looked at nothing'] : [])]
      })
      for (const v of found) faults.push(`axe, ${where}, ${language}, ${theme}: ${v}`)
      await picture(`${where}-${language}-${theme}`)
    }
  }
  if (inDialog) await page.evaluate(() => (document.documentElement.dataset.theme = 'light'))
  else {
    await page.selectOption('select[name=theme]', 'light')
    await page.selectOption('select[name=language]', 'en')
  }
}

const sees = (selector, text) => page.locator(selector).filter({hasText: text}).first().waitFor()

try {
  await page.goto(base)
  await page.locator('input[name=token]').waitFor()
  await accessible('sign-in')
  await page.fill('input[name=token]', 'op_wrong_wrong')
  await page.keyboard.press('Enter')
  await sees('[role=alert]', /unknown|token/)
  await page.fill('input[name=token]', token)
  await page.keyboard.press('Enter')
  await sees('[data-testid=link]', 'Live')
  await sees('[data-queue=sales]', 'Sales')

  // An agent is paused by hand, with a reason, all by keyboard.
  await sees('[data-agent="101"] [data-testid=state]', 'available')
  await page.locator('[data-agent="101"] button').focus()
  await page.keyboard.press('Enter')
  const dialog = page.locator('dialog')
  await dialog.getByText('ready already').waitFor() // a button that is off says why
  await dialog.getByRole('button', {name: 'Pause', exact: true}).focus()
  await page.keyboard.press('Enter')
  await page.locator('dialog input[name=why]').focus()
  await page.keyboard.type('a test')
  check((await page.locator('[data-testid=then]').textContent()) === 'paused: lunch', 'what follows is not told before')
  await accessible('agent', true)
  await page.keyboard.press('Enter')
  await sees('[data-testid=said]', 'available → paused')
  await dialog.getByRole('button', {name: 'Explain'}).click()
  await dialog.locator('li', {hasText: /paus/i}).last().waitFor()
  await page.keyboard.press('Escape')
  await dialog.waitFor({state: 'detached'})
  check(await page.evaluate(() => document.activeElement?.closest('[data-agent]')?.getAttribute('data-agent') === '101'), 'the focus does not come back to the row')

  // A caller waits.
  await phones('call')
  await sees('[data-testid=calls] tr', '5550001')
  await page.waitForFunction(() => document.querySelector('[data-queue=sales] [data-testid=waiting]')?.textContent === '1')
  await sees('[data-testid=calls] tr', 'waiting')
  await accessible('floor')
  await page.locator('[data-testid=calls] [data-call] button').click()
  await dialog.getByText('nobody talks in it').waitFor()
  await dialog.getByRole('button', {name: 'Explain'}).click()
  await page.locator('[data-testid=steps] li').nth(1).waitFor()
  await accessible('call', true)
  await page.keyboard.press('Escape')

  // The agent is made ready, and serves the caller.
  await page.locator('[data-agent="101"] button').click()
  await dialog.getByRole('button', {name: 'Make ready'}).click()
  await page.fill('dialog input[name=why]', 'a caller waits')
  await page.keyboard.press('Enter')
  await sees('[data-testid=said]', 'paused')
  await page.keyboard.press('Escape')
  await phones('answer')
  await sees('[data-agent="101"] [data-testid=state]', 'talking')
  await sees('[data-testid=calls] tr', 'talking')
  await page.waitForFunction(() => document.querySelector('[data-queue=sales] [data-testid=waiting]')?.textContent === '0')

  // The supervisor listens, and is seen to.
  await page.locator('[data-testid=calls] [data-call] button').click()
  await page.selectOption('dialog select[name=phone]', '102')
  await dialog.getByRole('button', {name: 'Listen', exact: true}).click()
  await phones('listen')
  await dialog.getByText('102 listens').waitFor()
  await dialog.getByRole('button', {name: 'Leave'}).click()
  await phones('left')
  await page.keyboard.press('Escape')

  // Killed and started anew under the open board.
  calm = false
  await phones('kill')
  await page.locator('.notice', {hasText: 'Data of'}).waitFor()
  const since = Date.now()
  await phones('start')
  await sees('[data-testid=link]', 'Live')
  console.error(`floor: live again ${Date.now() - since} ms after the start`)
  calm = true
  await sees('[data-agent="101"] [data-testid=state]', 'talking')

  // Eight tabs have one stream.
  const tabs = []
  for (let n = 0; n < 7; n++) {
    const tab = await context.newPage()
    listen(tab)
    await tab.goto(base + '#/wall')
    tabs.push(tab)
  }
  for (const tab of tabs) await tab.locator('[data-testid=wall] li').first().waitFor()
  const metrics = await (await fetch(base + 'metrics')).text()
  check(/^operadora_event_streams 1$/m.test(metrics), `not one stream: ${metrics.match(/^operadora_event_streams .*$/m)}`)

  await page.goto(base + '#/wall')
  await page.locator('[data-testid=wall] li').first().waitFor()
  await accessible('wall')

  // Whoever signs out in one tab is asked to sign in again in the others, where they are.
  await page.goto(base + '#/floor')
  await page.locator('[data-agent="101"] button').click()
  await dialog.getByRole('button', {name: 'Pause', exact: true}).click()
  await page.fill('dialog input[name=why]', 'half a sentence')
  await tabs[0].getByRole('button', {name: 'Sign out'}).click()
  await page.locator('dialog input[name=token]').waitFor()
  await page.fill('dialog input[name=token]', token)
  await page.keyboard.press('Enter')
  await page.locator('dialog input[name=token]').waitFor({state: 'detached'})
  check((await page.inputValue('dialog input[name=why]')) === 'half a sentence', 'what was typed is lost by signing in again')
  await page.keyboard.press('Escape')
  await phones('hangup')
  await page.locator('[data-testid=calls]').waitFor({state: 'detached'})
  await sees('[data-testid=link]', 'Live')
} catch (e) {
  faults.push(String(e.stack ?? e))
  await picture('fault')
}
await browser.close()
for (const f of faults) console.error(`fault: ${f}`)
console.log(faults.length === 0 ? 'ok' : 'faults')
process.exit(faults.length === 0 ? 0 : 1)
