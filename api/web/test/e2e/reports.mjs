// A supervisor's way through reports, recordings and flows, in a real Chromium, against a real operadora with three
// calls on record: two served, of which one was muted for a while, and one that hung up.
//
//   node reports.mjs BASE TOKEN RECORDING     the recording that was muted
import {accessible, base, check, context, expect, listen, more, page, phones, picture, sees, signIn, way} from './lib.mjs'

const [recording] = more
expect(404) // a queue that is not there

// rows are what a table shows: its keys and figures, as text.
const rows = (of = page, where = '[data-testid=figures]') =>
  of.locator(`${where} tr`).evaluateAll((all) => all.slice(1).map((tr) => [...tr.children].map((c) => c.textContent.trim())))

// csv are a file's, as whoever is signed in gets it. Nothing in these has a comma or a quote.
const csv = (href) => page.evaluate(async (h) => (await (await fetch(h)).text()).trim().split('\n').map((l) => l.trim().split(',')), href)

const settled = async (of = page) => {
  await of.locator('section[aria-busy=false]').first().waitFor()
  await of.waitForFunction(() => !document.querySelector('[aria-busy=true]'))
}

// narrow tells whether the page at twice its size has to be moved sideways.
async function narrow(where) {
  await page.setViewportSize({width: 640, height: 450})
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
  check(wide <= 1, `${where}: ${wide} px too wide at 200 %`)
  await page.setViewportSize({width: 1280, height: 900})
}

await way(async () => {
  await page.goto(base + '#/reports')
  await page.locator('input[name=token]').waitFor()
  await signIn()

  // What queues did today, and the same in files.
  await sees('[data-testid=figures] caption', 'Queues')
  await sees('[data-testid=about]', /time zone/)
  check(JSON.stringify(await rows()).includes('"3","2","1"'), `offered, answered and abandoned are not 3, 2 and 1: ${JSON.stringify(await rows())}`)
  await accessible('reports')
  await narrow('reports')
  await page.getByLabel('All columns').check()
  await page.getByLabel('Figures exactly as in CSV and XLSX').check()
  await page.waitForFunction(() => location.hash.includes('digits=all') && document.querySelectorAll('[data-testid=figures] thead th').length > 40)
  for (const by of ['queue', 'agent', 'interval']) {
    await page.selectOption('select[name=by]', by)
    await page.getByRole('button', {name: 'Show', exact: true}).click()
    await page.waitForFunction((b) => location.hash.includes(`by=${b}`) || b === 'queue', by)
    await settled()
    await sees('[data-testid=figures] thead th', {queue: 'queue', agent: 'agent', interval: 'interval'}[by])
    const [heading, ...file] = await csv(await page.locator('[data-testid=csv]').getAttribute('href'))
    const seen = await rows()
    check(heading[0] === by && JSON.stringify(seen) === JSON.stringify(file), `by ${by}, what is seen is not what the file has:\n${JSON.stringify(seen)}\n${JSON.stringify(file)}`)
    const columns = await page.locator('[data-testid=figures] thead [data-column]').evaluateAll((all) => all.map((th) => th.dataset.column))
    check(JSON.stringify(columns) === JSON.stringify(heading.slice(1)), `other columns than the file's: ${columns}`)
  }
  const download = page.waitForEvent('download')
  await page.locator('[data-testid=xlsx]').click()
  check((await download).suggestedFilename() === 'service.xlsx', 'the workbook has no name')
  check((await page.locator('.chart canvas').count()) === 1, 'nothing is drawn')

  // A formula at a click, and an order by keyboard.
  await page.getByRole('button', {name: 'Formula of Service level', exact: true}).click()
  await sees('dialog [data-testid=formula]', 'A_T / (A + B - B_s)')
  await sees('dialog dt', 'B_s')
  await accessible('formula')
  await page.keyboard.press('Escape')
  await page.selectOption('select[name=by]', 'agent')
  await page.keyboard.press('Tab')
  await page.getByRole('button', {name: 'Show', exact: true}).focus()
  await page.keyboard.press('Enter')
  await sees('[data-testid=figures] thead th', 'agent') // the answer before is shown until the next is there
  await settled()
  await page.locator('[data-column=talk_ms] button').first().focus()
  await page.keyboard.press('Enter')
  await page.locator('[data-column=talk_ms][aria-sort=descending]').waitFor()
  const talk = (await rows()).slice(0, -1).map((r) => r[0])
  check(talk.length === 3 && talk[0] === '101', `the longest conversation is not first: ${talk}`)

  // The address has the whole question: somebody else sees the same.
  const other = await context.newPage()
  listen(other)
  await other.goto(page.url())
  await sees('[data-testid=figures] caption', 'Queues', other)
  await other.waitForFunction(() => document.querySelectorAll('[data-testid=figures] tbody tr').length === 3)
  check(JSON.stringify(await rows(other)) === JSON.stringify(await rows()), 'a colleague sees something else')
  await other.close()

  // Bad input is told beside its field.
  await page.fill('input[name=zone]', 'Mars/Olympus')
  await page.getByRole('button', {name: 'Show', exact: true}).click()
  await sees('#bad-zone', 'Mars/Olympus')
  await page.fill('input[name=zone]', 'America/Bogota')
  await page.fill('input[name=queue]', 'nowhere')
  await page.getByRole('button', {name: 'Show', exact: true}).click()
  await sees('#bad-queue', 'nowhere')
  await sees('[data-testid=about]', 'America/Bogota')
  check((await page.inputValue('input[name=queue]')) === 'nowhere', 'what was typed is gone')

  // Peaks of the week, productivity.
  await page.goto(base + '#/reports/service')
  await page.getByRole('link', {name: 'Peaks of the week'}).click()
  await sees('[data-testid=peak]', /Peak: \w+day at \d\d:00, \d \(Offered\)/)
  const hours = await page.locator('[data-testid=heat] td').evaluateAll((all) => all.reduce((sum, td) => sum + (parseInt(td.textContent, 10) || 0), 0))
  check(hours === 3 && (await page.locator('[data-testid=heat] td.peak').count()) === 1, `the hours of the week have ${hours} callers, and not 3`)
  await accessible('peaks')
  await page.getByRole('link', {name: 'Agents', exact: true}).click()
  await sees('[data-testid=figures] tbody th', 'Ana (101)')
  await page.getByRole('link', {name: 'Productivity of the centre'}).click()
  await sees('[data-testid=figures] thead th', 'day')

  // The control sheet: three parts with one total, fit to be printed.
  await page.getByRole('link', {name: 'Control sheet'}).click()
  await page.fill('input[name=queue]', 'sales')
  await page.keyboard.press('Enter')
  await page.locator('[data-part=numbers] tfoot').waitFor()
  const totals = []
  for (const part of ['intervals', 'agents', 'numbers']) totals.push(JSON.stringify((await rows(page, `[data-part=${part}]`)).at(-1).slice(1)))
  check(new Set(totals).size === 1 && totals[0].startsWith('["3","2","1"'), `the parts have other totals: ${totals}`)
  await accessible('sheet')
  await page.emulateMedia({media: 'print'})
  check((await page.getByRole('button', {name: 'Print'}).count()) === 0 && (await page.locator('header').isHidden()), 'buttons are printed')
  check(await page.getByText('Reviewed by').isVisible(), 'nobody signs what is printed')
  await picture('sheet-printed')
  await page.emulateMedia({media: null})

  // The log book, with a note.
  await page.getByRole('link', {name: 'Log book'}).click()
  await page.getByRole('button', {name: 'Write'}).click()
  await sees('[role=alert]', 'write something')
  await page.fill('textarea[name=note]', 'The trunk was slow at noon.')
  await page.getByRole('button', {name: 'Write'}).click()
  await sees('[data-testid=said]', 'Written')
  await sees('[data-testid=logbook] td', 'The trunk was slow at noon.')
  await accessible('log-book')

  // A recording is found by its caller, and by its length.
  await page.getByRole('link', {name: 'Recordings'}).click()
  await page.locator('[data-recording]').nth(1).waitFor()
  check((await page.locator('[data-recording]').count()) === 2, 'there are not two recordings')
  await page.fill('input[name=number]', '5550001')
  await page.keyboard.press('Enter')
  await page.waitForFunction(() => document.querySelectorAll('[data-recording]').length === 1)
  await sees(`[data-recording="${recording}"] td`, /legal hold/)
  await page.fill('input[name=least]', 'long')
  await page.keyboard.press('Enter')
  await sees('#bad-least', '“long”')
  await page.fill('input[name=least]', '1:00:00')
  await page.keyboard.press('Enter')
  await sees('section p', 'There is no recording like this.')
  await page.fill('input[name=least]', '')
  await page.keyboard.press('Enter')

  // It is drawn with what was muted, and what happened; nothing of it has been played.
  await page.locator(`[data-recording="${recording}"] a`).click()
  await page.locator('[data-testid=muted]').waitFor()
  const muted = await page.locator('[data-testid=muted]').evaluate((r) => ({from: Number(r.dataset.from), to: Number(r.dataset.to), width: r.getBoundingClientRect().width, all: r.closest('div').getBoundingClientRect().width}))
  check(muted.to - muted.from > 1000 && muted.width > 20 && muted.width < muted.all, `what was muted is drawn from ${muted.from} to ${muted.to} ms, ${muted.width} px wide of ${muted.all}`)
  await sees('[data-testid=events] li', /recording muted/)
  await sees('[data-testid=hold]', 'legal hold')
  await accessible('recordings')
  await narrow('recordings')
  await phones('drawn')

  // It plays, by keyboard, faster, from where somebody wants.
  const sound = () => page.locator('audio').evaluate((a) => ({at: a.currentTime, paused: a.paused, speed: a.playbackRate, error: a.error?.message}))
  await page.locator('[data-testid=player]').focus()
  await page.keyboard.press('Space')
  await page.waitForFunction(() => document.querySelector('audio').currentTime > 0.3)
  await page.keyboard.press('Space')
  await page.waitForFunction(() => document.querySelector('audio').paused)
  await page.selectOption('select[name=speed]', '2')
  await page.locator('[data-testid=player]').focus()
  await page.keyboard.press('ArrowLeft')
  await page.waitForFunction(() => document.querySelector('audio').currentTime === 0)
  await page.locator('[data-testid=events] button').last().click()
  const late = await sound()
  check(late.at > 1 && late.speed === 2 && !late.error, `after a click on the last event the sound is at ${JSON.stringify(late)}`)
  await page.locator('[data-testid=wave]').click({position: {x: 5, y: 60}})
  check((await sound()).at < 0.5, 'a click on the wave goes nowhere')
  await page.locator('[data-testid=play]').click()
  await page.waitForFunction(() => document.querySelector('audio').ended)
  await phones('played')
  await page.getByRole('button', {name: 'Close the recording'}).click()
  check(await page.evaluate((id) => document.activeElement?.closest('[data-recording]')?.dataset.recording === id, recording), 'the focus does not come back to the row')

  // Where the calls went in their flow, as a picture and in numbers; in a span without calls, nowhere.
  await page.goto(base + '#/admin/flows/line')
  await sees('[data-testid=came]', '3 calls came')
  const counted = (node) => page.locator(`[data-node=${node}] td.n`).allTextContents()
  check(String(await counted('sales')) === '3,3,3' && String(await counted('pick_up')) === '3,3,0', `counted: ${await counted('sales')}; ${await counted('pick_up')}`)
  await sees('[data-node=menu]', '1 → sales: 3')
  await sees('[data-box=sales]', '3 calls')
  await accessible('flows')
  await narrow('flows')
  await page.selectOption('select[name=span]', 'last_month')
  await page.getByRole('button', {name: 'Show', exact: true}).click()
  await sees('[data-testid=came]', '0 calls came')
})
