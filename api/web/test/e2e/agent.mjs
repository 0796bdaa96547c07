// An agent's whole shift, by keyboard alone, beside a desk phone. The pointer is not used.
//
//   node agent.mjs BASE TOKEN     see lib.mjs
import {accessible, away, base, check, page, phones, sees, signIn, way} from './lib.mjs'

const state = (text) => sees('[data-testid=state]', text)
const key = (letter) => page.keyboard.press(`Alt+Shift+${letter}`)
const typed = () => page.locator('[data-note] textarea').first().inputValue()
const focused = (selector) => page.waitForFunction((s) => document.activeElement?.matches(s), selector)

// tabTo goes on with Tab until a button is reached.
async function tabTo(name) {
  for (let n = 0; n < 25; n++) {
    await page.keyboard.press('Tab')
    if ((await page.evaluate(() => document.activeElement?.textContent?.trim())) === name) return
  }
  throw new Error(`Tab does not lead to "${name}"`)
}

await way(async () => {
  await page.goto(base)
  await page.locator('input[name=token]').waitFor()
  await signIn()
  await state('logged out') // the agent's page is the first that an agent is offered
  await sees('[data-testid=link]', 'Live')
  await accessible('agent-out')

  // In, a pause, and ready again.
  await key('I')
  await state('available')
  await key('P')
  await focused('[name=reason]')
  await key('R') // in a field keys are only letters
  await tabTo('Pause')
  await page.keyboard.press('Enter')
  await state('paused: Lunch')
  // While paused: somebody who is to be called back.
  await key('L')
  await focused('#number')
  await page.keyboard.type('3001234567')
  await tabTo('Have them called back')
  await page.keyboard.press('Enter')
  await sees('[data-testid=callbacks]', '***567')
  await phones('promised')

  await key('R')
  await state('available')

  // A caller: the phone rings, and is answered at the phone.
  await phones('call')
  await sees('[data-testid=call]', 'Your phone rings')
  await sees('[data-testid=who]', '5550001')
  await phones('answer')
  await sees('[data-testid=call]', 'You talk with')
  await state('talking')
  await sees('[data-testid=after]', 'time to finish → an outcome, which is needed → ready for the next call')

  // A note. Keys do nothing while it is typed.
  await key('N')
  await focused('textarea')
  await page.keyboard.type('asks for ')
  await key('X')
  // The session ends elsewhere in the middle of the call: sign in where one is, and type on.
  await page.evaluate(() => fetch('api/v1/session', {method: 'DELETE'}))
  await page.locator('dialog input[name=token]').waitFor()
  check((await typed()) === 'asks for ', 'the note is lost when the session is over')
  await signIn()
  await page.locator('dialog').waitFor({state: 'detached'})
  await sees('[data-testid=link]', 'Live')
  check((await typed()) === 'asks for ', 'the note is lost by signing in again')
  await page.reload()
  await sees('[data-testid=call]', 'You talk with')
  check((await typed()) === 'asks for ', 'the note is lost by a reload')
  await key('N')
  await page.keyboard.press('End')
  await page.keyboard.press('Control+End')

  // Killed and started anew under it.
  away(true)
  await phones('kill')
  await page.keyboard.type('the ')
  await page.locator('.notice', {hasText: 'Data of'}).waitFor()
  await phones('start')
  await sees('[data-testid=link]', 'Live')
  away(false)
  await state('talking')
  await page.keyboard.type('manager')
  check((await typed()) === 'asks for the manager', `the note is "${await typed()}"`)
  await page.keyboard.press('Escape')

  // Hold, and back.
  await key('H')
  await sees('[data-testid=call]', 'On hold')
  await key('H')
  await sees('[data-testid=call]', 'You talk with')

  // Somebody is asked, and the caller put through.
  await key('T')
  await focused('#target')
  await page.locator('#target option[value="102"]').waitFor({state: 'attached'})
  await page.keyboard.type('Ben')
  await tabTo('Ask first')
  await page.keyboard.press('Enter')
  await phones('asked')
  await sees('[data-testid=guest]', 'You ask Ben')
  await page.locator('[data-act=swap]:enabled').waitFor()
  await accessible('agent-consult')
  await key('C')
  await phones('through')
  await state('wrap-up')
  const short = await page.locator('[data-testid=clock]').textContent()
  await key('E')
  await sees('[data-testid=clock]', /1:[0-9]{2} left/)
  check(/0:[0-9]{2} left/.test(short), `the time to finish is ${short} before it is extended`)
  await key('D')
  await focused('[name=outcome]')
  await page.keyboard.type('Cash')
  await tabTo('Put on record and finish')
  await page.keyboard.press('Enter')
  await state('available')
  await page.locator('[data-note]').waitFor({state: 'detached'})
  await phones('disposed')

  // A campaign's call: script, fields, and when to call again.
  await phones('campaign')
  await sees('[data-testid=call]', 'You talk with')
  await sees('[data-testid=script]', 'Ask Lucía about 12 March.')
  await sees('[data-testid=lead]', 'due')
  await phones('lead')
  await state('wrap-up')
  await accessible('agent-wrapup')
  await key('D')
  await focused('[name=outcome]')
  await page.keyboard.type('Again')
  await page.locator('[name=again]').waitFor()
  await tabTo('Put on record and finish')
  await page.keyboard.press('Enter')
  await sees('[role=alert]', 'Say when.')
  await page.locator('[name=again]').focus()
  await page.locator('[name=again]').fill('2031-05-06T10:30') // how a date is typed is the browser's and the language's
  await tabTo('Put on record and finish')
  await page.keyboard.press('Enter')
  await sees('[data-testid=appointments]', 'Lucía')

  // The agent calls somebody, who is busy.
  await state('available')
  await key('L')
  await page.keyboard.type('3007654321')
  await page.keyboard.press('Enter')
  await phones('dial')
  await sees('[data-testid=dialled]', 'busy')

  // The keys are listed, can be others, and off.
  await page.evaluate(() => document.activeElement?.blur())
  await page.keyboard.press('?')
  await page.locator('dialog', {hasText: 'Alt and Shift'}).waitFor()
  await accessible('agent-keys')
  await page.keyboard.press('Escape')
  await page.locator('dialog').waitFor({state: 'detached'})

  // A supervisor logs the agent out: it takes effect once the call has its outcome, and the page says so. And signed out.
  await phones('logout')
  await sees('[data-testid=after]', 'an outcome, which is needed → log out')
  await key('D')
  await page.keyboard.type('Card')
  await tabTo('Put on record and finish')
  await page.keyboard.press('Enter')
  await state('logged out')
  await tabTo('Sign out')
  await page.keyboard.press('Enter')
  await page.locator('input[name=token]').waitFor()
})
