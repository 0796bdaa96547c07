// A supervisor's way through the floor page, in a real Chromium, against a real operadora.
import {accessible, away, base, check, context, listen, page, phones, sees, signIn, token, way} from './lib.mjs'

await way(async () => {
  await page.goto(base)
  await page.locator('input[name=token]').waitFor()
  await accessible('sign-in')
  await signIn('op_wrong_wrong')
  await sees('[role=alert]', /unknown|token/)
  await signIn()
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
  await accessible('agent')
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
  await accessible('call')
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
  away(true)
  await phones('kill')
  await page.locator('.notice', {hasText: 'Data of'}).waitFor()
  const since = Date.now()
  await phones('start')
  await sees('[data-testid=link]', 'Live')
  console.error(`floor: live again ${Date.now() - since} ms after the start`)
  away(false)
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
})
