// The first administrator's way in by a one-time link, and what they do for others: people, tokens,
// screens on walls, the audit log; and an agent who signs in, changes the password and is signed out elsewhere.
//
//   node people.mjs BASE LINK     LINK is what `operadora user create` printed behind #/welcome/
import {accessible, base, check, expect, page, sees, somebody, token as link, way} from './lib.mjs'

const first = 'tres tristes tigres'
const eva = await somebody()
const wall = await somebody()

// person fills the form of a name and a password in.
async function person(of, login, password) {
  await of.fill('input[name=login]', login)
  await of.fill('input[name=password]', password)
  await of.keyboard.press('Enter')
}

// twice types a new password in, twice.
async function twice(of, name, password, again = password) {
  await of.fill(`input[name=${name}]`, password)
  await of.fill('input[name=again]', again)
  await of.keyboard.press('Enter')
}

await way(async () => {
  // By the link a password is set, once.
  await page.goto(base + '#/welcome/' + link)
  await page.getByText('You sign in as root').waitFor()
  await accessible('welcome')
  await twice(page, 'password', 'short')
  await sees('#fault', 'at least 12')
  await twice(page, 'password', first, 'another one, it is')
  await sees('#fault', 'not the same')
  await twice(page, 'password', first)
  await page.getByText('Root of all, administrator').waitFor()
  expect(404)
  await eva.page.goto(base + '#/welcome/' + link)
  await sees('[role=alert]', 'was used', eva.page)

  // What the floor shows is saved under a name, and is there in a browser that has never been here.
  await page.goto(base + '#/floor')
  await page.selectOption('select[name=queue]', 'sales')
  await page.fill('input[name=view-name]', 'Sales alone')
  await page.getByRole('button', {name: 'Save'}).click()
  await sees('[data-testid=view-said]', 'saved')
  await page.selectOption('select[name=queue]', '')
  await page.evaluate(() => localStorage.clear())
  await page.reload()
  await page.selectOption('select[name=view]', 'Sales alone')
  check((await page.inputValue('select[name=queue]')) === 'sales', 'a saved view shows something else')
  await page.getByRole('button', {name: 'Remove Sales alone'}).click()
  await sees('[data-testid=view-said]', 'removed')

  // An agent is added; what is wrong is said beside the field.
  await page.goto(base + '#/admin/people')
  await sees('[data-user=root] [data-testid=state]', 'may sign in')
  expect(409)
  await page.getByRole('button', {name: 'Add a person'}).click()
  await page.fill('dialog input[name=login]', 'root')
  await page.selectOption('dialog select[name=role]', 'campaign_manager')
  await page.keyboard.press('Tab')
  await page.locator('dialog form button').click()
  await sees('#bad-login', 'already')
  await accessible('person', true)
  await page.fill('dialog input[name=login]', 'eva')
  await page.fill('dialog input[name=name]', 'Eva Ruiz')
  await page.selectOption('dialog select[name=role]', 'agent')
  await page.selectOption('dialog select[name=agent]', '101')
  await page.locator('dialog form button').click()
  await page.locator('dialog').waitFor({state: 'detached'})
  await sees('[data-user=eva] [data-testid=state]', 'invited')
  const shown = await page.inputValue('[data-testid=once]')
  check(shown.startsWith(base + '#/welcome/ol_'), `the link leads elsewhere: ${shown}`)
  await accessible('people')

  // She sets her password, and is known as herself.
  await eva.page.goto(shown)
  await eva.page.getByText('You sign in as eva').waitFor()
  await twice(eva.page, 'password', 'four and twenty blackbirds')
  await eva.page.getByText('Eva Ruiz, agent').waitFor()
  await eva.page.goto(base + '#/admin/people') // which is not for her
  check((await eva.page.getByText('Administration').count()) === 0, 'an agent is offered the administration')

  // Language and colours follow her to another browser.
  const home = await somebody()
  await eva.page.selectOption('select[name=language]', 'es')
  await eva.page.waitForResponse((r) => r.url().endsWith('/me/preferences') && r.request().method() === 'PUT')
  await home.page.goto(base)
  await home.page.locator('input[name=login]').waitFor()
  await accessible('sign-in', false, home.page)
  await person(home.page, 'eva', 'a wrong one, surely')
  await sees('[role=alert]', 'wrong', home.page)
  await person(home.page, 'eva', 'four and twenty blackbirds')
  await home.page.waitForFunction(() => document.documentElement.lang === 'es')
  await home.page.getByText('Eva Ruiz, agente').waitFor()
  await home.page.selectOption('select[name=language]', 'en')

  // Her account: another password signs her out elsewhere, where she goes on after signing in again.
  expect(400)
  await home.page.goto(base + '#/account')
  await home.page.locator('[data-testid=sessions] tbody tr').nth(1).waitFor()
  await accessible('account', false, home.page)
  await home.page.fill('input[name=present]', 'a wrong one, surely')
  await twice(home.page, 'new', 'five and twenty blackbirds')
  await sees('#bad-present', 'not your present', home.page)
  await home.page.fill('input[name=present]', 'four and twenty blackbirds')
  await twice(home.page, 'new', 'five and twenty blackbirds')
  await sees('[data-testid=said]', 'changed', home.page)
  const since = Date.now()
  await eva.page.locator('dialog input[name=password]').waitFor()
  check(Date.now() - since < 15_000, 'signed out elsewhere after more than 15 s')
  check((await eva.page.inputValue('dialog input[name=login]')) === 'eva', 'who signs in again has to say who')
  await eva.page.fill('dialog input[name=password]', 'five and twenty blackbirds')
  await eva.page.keyboard.press('Enter')
  await eva.page.locator('dialog').waitFor({state: 'detached'})

  // A token is shown once, and revoked.
  await page.goto(base + '#/admin/tokens')
  await page.getByRole('button', {name: 'Make a token'}).click()
  await page.fill('dialog input[name=name]', 'bridge')
  await page.fill('dialog input[name=scopes]', 'calls')
  await page.locator('dialog form button').click()
  await sees('#bad-scopes', 'not a scope')
  await page.fill('dialog input[name=scopes]', 'calls:read queues:read')
  await page.locator('dialog form button').click()
  await page.locator('dialog').waitFor({state: 'detached'})
  check((await page.inputValue('[data-testid=once]')).startsWith('op_'), 'the token is not shown')
  await accessible('tokens')
  await page.locator('[data-token=bridge] button').click()
  await sees('[data-token=bridge] [data-testid=state]', 'revoked')

  // A screen shows a code, and with it typed in the wallboard, until it is removed.
  await wall.page.goto(base + '#/display')
  const code = await wall.page.locator('[data-testid=code]').textContent()
  await accessible('display', false, wall.page)
  await page.goto(base + '#/admin/displays')
  await page.fill('input[name=code]', 'AAAA-AAAA')
  await page.fill('input[name=name]', 'The hall')
  await page.keyboard.press('Enter')
  await sees('#bad-code', 'no screen shows it')
  await page.fill('input[name=code]', code.toLowerCase())
  await page.keyboard.press('Enter')
  await sees('[data-testid=displays] tr', 'The hall')
  await wall.page.locator('[data-testid=wall] li').first().waitFor()
  await accessible('displays')
  await page.getByRole('button', {name: 'Remove The hall'}).click()
  await wall.page.locator('dialog input[name=token]').waitFor()

  // She is disabled, and out; all of it is on record.
  await page.goto(base + '#/admin/people')
  await page.getByRole('button', {name: 'Disable: eva'}).click()
  await sees('[data-user=eva] [data-testid=state]', 'disabled')
  await eva.page.locator('dialog input[name=password]').waitFor()
  await eva.page.fill('dialog input[name=password]', 'five and twenty blackbirds')
  await eva.page.keyboard.press('Enter')
  await sees('dialog [role=alert]', 'wrong', eva.page)
  await page.goto(base + '#/admin/audit')
  await page.fill('input[name=text]', 'USER.DISABLE')
  await page.keyboard.press('Enter')
  await page.waitForFunction(() => document.querySelectorAll('[data-testid=audit] tbody tr').length === 1)
  await sees('[data-testid=audit] tr', 'eva')
  await accessible('audit')
})
