// A campaign manager's way: files brought in, a campaign dry run, launched, paused and drained while phones ring, its
// gauge compared with the API, its evidence downloaded. Whoever runs it has agents' lines up, and phones that answer.
import {readFile} from 'node:fs/promises'
import {accessible, base, check, expect, page, phones, sees, signIn, way} from './lib.mjs'

const api = (path) => page.evaluate(async (p) => (await fetch(new URL('api/v1/' + p, document.baseURI))).json(), path)
const bom = '\uFEFF'
// Numbers that end in 7 to 9 are not answered by the phones.
const numbers = Array.from({length: 30}, (_, n) => `30010000${String(n).padStart(2, '0')}`)
const march = bom + ['celular;nombre;cuenta;saldo', `${numbers[0]};=1+1;0007;12.50`, ...numbers.slice(1).map((n, i) => `${n};Ana ${i};${1000 + i};7`), '12;=cmd();0099;1', `${numbers[1]};Otra;0098;1`, '3001000099;Eva;0097;mucho'].join('\r\n')
const latin = Buffer.from('celular;nombre;cuenta;saldo\n3001000090;José Ñandú;0090;3\n', 'latin1')

async function sends(name, buffer) {
  await page.locator('[data-testid=upload] input[type=file]').first().setInputFiles({name, mimeType: 'text/csv', buffer: Buffer.from(buffer)})
  await page.getByRole('button', {name: 'Send', exact: true}).first().click()
  await page.locator('[data-testid=rows]').waitFor()
}

const row = (n) => page.locator(`[data-row="${n}"]`)
const count = (what) => page.locator(`[data-count=${what}]`).textContent()
const orders = async (what, then) => {
  await page.getByRole('button', {name: what, exact: true}).first().click()
  await sees('[data-testid=then]', then)
  await page.locator('form button.main', {hasText: what}).focus()
  await page.keyboard.press('Enter')
}

async function downloads(testid) {
  const [file] = await Promise.all([page.waitForEvent('download'), page.locator(`[data-testid=${testid}]`).click()])
  return readFile(await file.path(), 'utf8')
}

await way(async () => {
  await page.goto(base + '#/lists')
  await page.locator('input[name=token]').waitFor()
  await signIn()

  // A list is made; what is wrong is told at the field.
  await page.locator('input[name=id]').waitFor()
  await page.fill('input[name=id]', 'march')
  await page.fill('form[aria-label="Make a list"] input[name=region]', 'CO')
  await page.keyboard.press('Enter')
  await sees('[data-testid=made]', 'march')

  // A file with a byte order mark, semicolons, leading zeros, a formula, and rows that are wrong.
  await page.locator('[data-list=march] a').click()
  await page.getByRole('button', {name: 'Send', exact: true}).click()
  await page.getByText('File: choose one.').waitFor()
  await sends('march.csv', march)
  await sees('[data-testid=read]', 'utf-8, separated by “;”')
  await sees('[data-row="2"]', '0007; =1+1; +573001000000')
  await sees('[data-row="2"]', 'taken')
  await sees('[data-testid=columns] tr', 'telephone number')

  // What a column is can be changed; what cannot be is told, and nothing is lost.
  const saldo = page.locator('[data-testid=columns] tbody tr').nth(3)
  await saldo.locator('input[name=field]').fill('balance')
  await saldo.locator('select[name=kind]').selectOption('number')
  check(await page.getByRole('button', {name: 'Bring the rows in'}).isDisabled(), 'rows may be brought in by columns that were not looked at')
  const celular = page.locator('[data-testid=columns] tbody tr').first().locator('select[name=as]')
  await celular.selectOption('-')
  expect(400)
  await page.getByRole('button', {name: 'Look again'}).click()
  await sees('[data-testid=bad-columns]', 'telephone')
  await celular.selectOption('phone')
  await page.getByRole('button', {name: 'Look again'}).click()
  await sees('[data-row="2"]', 'balance: 12.5')
  await accessible('import')

  await page.getByRole('button', {name: 'Go through all rows, bring nothing in'}).click()
  await page.getByText('A dry run: so it would be.').waitFor()
  check((await count('added')) === '30' && (await count('rejected')) === '2' && (await count('duplicates')) === '1', `dry run: ${await count('added')} added, ${await count('rejected')} rejected, ${await count('duplicates')} there already`)
  await page.getByRole('button', {name: 'Bring the rows in'}).click()
  await sees('[data-testid=import-state]', 'done')
  check((await count('added')) === '30' && (await count('rejected')) === '2', 'what was brought in is not what the dry run said')
  const rejects = await downloads('rejects')
  check(/^32,rejected,number,.*12.*'=cmd\(\)/m.test(rejects) && /^33,rejected,duplicate,|^33,.*duplicate/m.test(rejects) && /^34,rejected,field,.*mucho/m.test(rejects), `rejects: ${rejects}`)

  // One in Latin-1: columns are remembered; it is taken back.
  await page.goto(base + '#/lists/march')
  await sees('[data-testid=count]', '30')
  await sends('latin.csv', latin)
  await sees('[data-testid=read]', 'windows-1252')
  await sees('[data-row="2"]', '0090; José Ñandú; +573001000090; balance: 3')
  await page.getByRole('button', {name: 'Bring the rows in'}).click()
  await sees('[data-testid=import-state]', 'done')
  await page.getByRole('button', {name: 'Take it back', exact: true}).click()
  await page.getByRole('button', {name: 'Yes, take it back'}).click()
  await sees('[data-testid=import-state]', /^\s*taken back/) // and not: being taken back
  await page.goto(base + '#/lists/march')
  await sees('[data-testid=count]', '30')
  await page.fill('input[name=filter]', 'balance > 10')
  await page.keyboard.press('Enter')
  await sees('[data-lead]', '=1+1')
  check((await page.locator('[data-lead]').count()) === 1, 'the filter does not choose')
  const lead = await page.locator('[data-lead]').getAttribute('data-lead')

  // A number that must not be called.
  await page.goto(base + '#/lists')
  const dnc = page.locator('[data-testid=dnc]')
  await dnc.locator('input[name=number]').fill('3001000029')
  await dnc.locator('input[name=region]').fill('co')
  await page.keyboard.press('Enter')
  await sees('[data-testid=callable]', 'It may be called now.')
  await dnc.locator('input[name=why]').fill('asked for it')
  await page.keyboard.press('Enter')
  await sees('[data-testid=dnc-said]', '+573001000029 is not called any more.')
  await sees('[data-testid=callable]', 'It is not called now.')
  await dnc.getByRole('button', {name: 'Show the list'}).click()
  await dnc.getByText('supervisors remove numbers').waitFor()
  await accessible('lists')

  // The campaign: dry run, launch.
  await page.goto(base + '#/campaigns')
  await sees('[data-campaign=march] [data-testid=state]', 'never started')
  await accessible('campaigns')
  await page.locator('[data-campaign=march] a').first().click()
  await sees('[data-testid=state]', 'never started')
  await page.getByText('not while it is never started').first().waitFor() // a button that is off says why
  await sees('[data-testid=rule]', '3.00%')
  await page.getByRole('button', {name: 'Judge the leads now'}).click()
  await sees('[data-testid=dry]', '29 of 30 leads may be called now')
  await sees('[data-testid=dry] td', 'do_not_call')
  await orders('Start', 'Its leads are called from now on')
  await sees('[data-testid=said]', 'never started → running')
  await sees('[data-testid=now]', 'What keeps it from dialling one more')
  await phones('dials')
  await sees('[data-outcome=served]', 'served')
  await accessible('campaign')

  // Paused: nobody is called, and why is told in both languages.
  await orders('Pause', 'Nobody is called for now')
  await sees('[data-testid=state]', 'paused')
  await sees('[data-testid=hold]', 'the campaign is paused')
  await page.selectOption('select[name=language]', 'es')
  await sees('[data-testid=hold]', 'la campaña está en pausa')
  await page.selectOption('select[name=language]', 'en')
  await sees('[data-testid=on-way]', /^0$/)
  await sees('[data-testid=connected]', /^0$/)

  // The gauge says what the API says.
  const percent = (v) => new Intl.NumberFormat('en', {style: 'percent', minimumFractionDigits: 2}).format(v)
  await page.waitForFunction(async () => {
    const l = (await (await fetch(new URL('api/v1/campaigns/march', document.baseURI))).json()).live
    return l.answered > 0 && document.querySelector('[data-testid=figures]')?.textContent?.startsWith(`${l.abandoned} of ${l.answered} answered`)
  }, undefined, {polling: 500})
  const v = await api('campaigns/march')
  const want = `${v.live.abandoned} of ${v.live.answered} answered calls were abandoned: ${percent(v.live.abandoned / v.live.answered)} of at most ${percent(v.live.limit)}`
  check((await page.locator('[data-testid=figures]').textContent()) === want, `the gauge says ${await page.locator('[data-testid=figures]').textContent()}, the API ${want}`)
  check((await page.locator('[data-testid=left]').textContent())?.startsWith(String(Math.round(100 * v.live.budget_left) / 100)), 'the gauge has another budget than the API')
  for (const part of ['abandoned ÷ answered by people ≤ limit', 'over the last 24 hours', '2 s after the answer', 'rule abandon of profile own', 'Nothing resets it']) await sees('[data-testid=gauge]', part)

  // Its evidence adds up to the same.
  const lines = (await downloads('download')).trim().split('\n').map((l) => JSON.parse(l))
  const paced = lines.find((l) => l.kind === 'paced')
  check(paced?.paced_answered === v.live.answered && paced?.paced_abandoned === v.live.abandoned && lines.at(-1)?.kind === 'end', `evidence: ${JSON.stringify(paced)}, the gauge ${v.live.abandoned} of ${v.live.answered}`)

  await page.getByRole('button', {name: 'Count'}).click()
  await sees('[data-testid=health] tr', 'march')
  const health = (await api('campaigns/march/lists')).items[0]
  check(health.leads === 30 && health.answered === v.live.answered && health.attempts > health.answered - 1, `health: ${JSON.stringify(health)}`)

  // An appointment, and the end: drained, it stops by itself.
  const made = page.locator('[data-testid=appointments]')
  await made.getByRole('button', {name: 'Make an appointment'}).click()
  await made.getByText('Lead: say its number').waitFor()
  await made.locator('input[name=lead]').fill(lead)
  await made.locator('input[name=at]').fill('2031-01-02T10:30')
  await made.getByRole('button', {name: 'Make an appointment'}).click()
  await sees('[data-testid=appointments] td', `${lead}, =1+1`)
  await orders('Resume', 'Its leads are called again')
  await sees('[data-testid=state]', 'running')
  await orders('Drain', 'stopped once the last of them is over')
  await sees('[data-testid=state]', 'stopped')
  await page.goto(base + '#/campaigns')
  await sees('[data-campaign=march] [data-testid=state]', 'stopped')
})
