// Ways to sign in beside name and password: a second factor, set up, asked for in place, by a link and by a
// recovery code, taken away, and needed by a role; and an OpenID provider of another site, to which somebody goes and
// comes back, in this window or in another.
//
//   node signin.mjs BASE ROOT PROVIDER EVA CARLA     what `operadora user create` printed of the three behind #/welcome/
import {createHmac} from 'node:crypto'
import {accessible, allow, base, check, expect, more, page, sees, somebody, token as root, way} from './lib.mjs'

const [provider, eva, carla] = more
allow(provider)
const password = 'five and twenty blackbirds'
const factor = 'section:has(#factor) input[name=password]'

// totp is what an authenticator shows now, or some half minutes later (RFC 6238).
function totp(secret, later = 0) {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
  const bits = [...secret.replaceAll(' ', '')].map((c) => letters.indexOf(c).toString(2).padStart(5, '0')).join('')
  const key = Buffer.from(bits.match(/.{8}/g).map((b) => parseInt(b, 2)))
  const step = Buffer.alloc(8)
  step.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + later))
  const sum = createHmac('sha1', key).update(step).digest()
  return String((sum.readUInt32BE(sum.at(-1) & 15) & 0x7fffffff) % 1_000_000).padStart(6, '0')
}

// enter types into a field, and sends it.
async function enter(of, field, text) {
  await of.fill(field, text)
  await of.keyboard.press('Enter')
}

// welcome sets a password by a link.
async function welcome(of, link) {
  await of.goto(base + '#/welcome/' + link)
  await of.fill('input[name=password]', password)
  await enter(of, 'input[name=again]', password)
}

await way(async () => {
  await welcome(page, root)
  await page.getByText('root, administrator').waitFor()

  expect(400)

  // She sets a second factor up, by keyboard; codes that are wrong are told beside the field.
  const home = (await somebody()).page
  await welcome(home, eva)
  await home.getByText('Eva Ruiz, agent').waitFor()
  await home.goto(base + '#/account')
  await home.locator(factor).waitFor()
  await enter(home, factor, 'a wrong one, surely')
  await sees('#bad-factor', 'not your present', home)
  await enter(home, factor, password)
  await home.locator('#totp-code:focus').waitFor()
  const secret = await home.locator('[data-testid=key]').textContent()
  await accessible('second-factor', home)
  await enter(home, '#totp-code', '000000')
  await sees('#bad-factor', 'not what it should show', home)
  await enter(home, '#totp-code', totp(secret))
  await home.locator('#recovery:focus').waitFor()
  const recovery = await home.locator('[data-testid=recovery] li').allTextContents()
  check(recovery.length === 10, `${recovery.length} recovery codes`)
  await accessible('recovery-codes', home)
  await home.locator('button:enabled', {hasText: 'I have kept them'}).press('Enter')
  await sees('[data-testid=factor]', '10 recovery codes are left', home)
  await accessible('second-factor-on', home)
  await home.goto(base + '#/agent')
  await home.locator('#agenda').waitFor()

  // Signed out elsewhere, she is asked for it in place; a code that was used is none.
  await page.goto(base + '#/admin/people')
  await sees('[data-user=eva] [data-testid=state]', 'second factor')
  await page.getByRole('button', {name: 'Sign out everywhere: eva'}).press('Enter')
  await home.locator('dialog input[name=password]').waitFor()
  await enter(home, 'dialog input[name=password]', password)
  await home.locator('dialog input[name=code]:focus').waitFor()
  await home.keyboard.type('000000')
  await home.keyboard.press('Enter')
  await sees('#bad-code', 'wrong', home)
  await accessible('sign-in-code', home)
  await enter(home, 'dialog input[name=code]', totp(secret, 1))
  await home.locator('dialog').waitFor({state: 'detached'})

  // By a link it is asked for, too; a recovery code does as well.
  await page.getByRole('button', {name: 'New link: eva'}).press('Enter')
  const phone = (await somebody()).page
  await phone.goto(await page.inputValue('[data-testid=once]'))
  await phone.fill('input[name=password]', password)
  await phone.fill('input[name=again]', password)
  await enter(phone, 'input[name=code]', '000000')
  await sees('#bad-code', 'wrong', phone)
  await accessible('welcome-code', phone)
  await phone.fill('input[name=password]', password)
  await phone.fill('input[name=again]', password)
  await enter(phone, 'input[name=code]', recovery[0].toLowerCase())
  await phone.getByText('Eva Ruiz, agent').waitFor()

  // An administrator takes it away, and the password is enough.
  await page.getByRole('button', {name: 'Remove second factor: eva'}).press('Enter')
  await sees('[data-testid=said]', 'no second factor any more')
  await phone.locator('dialog input[name=password]').waitFor()
  await enter(phone, 'dialog input[name=password]', password)
  await phone.locator('dialog').waitFor({state: 'detached'})

  // Whose role needs one sets it up before anything else.
  const needs = (await somebody()).page
  await welcome(needs, carla)
  await sees('[data-testid=needed]', 'needs a second factor', needs)
  await accessible('second-factor-needed', needs)
  await enter(needs, factor, password)
  await enter(needs, '#totp-code', totp(await needs.locator('[data-testid=key]').textContent()))
  await needs.locator('button:enabled', {hasText: 'I have kept them'}).press('Enter')
  await needs.getByRole('link', {name: 'Campaigns'}).waitFor()

  // Whom nobody has added is sent back from the provider with a reason; else somebody comes back to where they were.
  const marta = await somebody()
  const way = marta.page.getByRole('link', {name: 'Sign in with Acme'})
  await marta.page.goto(base + '#/reports')
  await way.press('Enter')
  await sees('[data-testid=refused]', 'Nobody may sign in here as that', marta.page)
  await accessible('refused', marta.page)
  await page.getByRole('button', {name: 'Add a person'}).click()
  await page.fill('dialog input[name=login]', 'marta')
  await page.selectOption('dialog select[name=role]', 'supervisor')
  await page.locator('dialog form button').click()
  await page.locator('dialog').waitFor({state: 'detached'})
  await marta.page.goto(base + '#/recordings')
  await marta.page.reload()
  await way.press('Enter')
  await marta.page.getByText('marta, supervisor').waitFor()
  check(marta.page.url() === base + '#/recordings', `led to ${marta.page.url()}`)
  await marta.page.goto(base + '#/account')
  await marta.page.getByText('You sign in at a provider').waitFor()
  check((await marta.page.locator('input[type=password]').count()) === 0, 'who has no password may change it')

  // Signed out elsewhere, she comes back by another window, and goes on in this one.
  await page.reload()
  await sees('[data-user=marta] [data-testid=state]', 'signs in at the provider')
  await page.getByRole('button', {name: 'Sign out everywhere: marta'}).press('Enter')
  await marta.page.goto(base + '#/floor')
  const again = marta.page.getByRole('link', {name: 'Sign in with Acme, in another window'})
  await again.waitFor()
  await accessible('sign-in-elsewhere', marta.page)
  const opens = marta.context.waitForEvent('page')
  await again.press('Enter')
  const other = await opens
  await other.getByText('marta, supervisor').waitFor()
  await other.close()
  await marta.page.bringToFront()
  await marta.page.evaluate(() => dispatchEvent(new Event('focus'))) // a browser without a screen may have none to tell of
  await again.waitFor({state: 'detached'})
  await marta.page.getByText('marta, supervisor').waitFor()
})
