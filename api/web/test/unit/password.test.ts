import {expect, test} from 'vitest'
import {weakness} from '../../src/ui/password'

// The rows are those of api/password.
test.each([
  ['short', 'short'],
  ['abcde'.repeat(26), 'long'],
  ['aaaabbbbAAAA', 'same'],
  ['123456789012', 'digits'],
  ['EvaRuiz-2026', 'login'],
  ['tres tristes', ''],
  ['señoríoñandú', ''],
])('%s', (text, want) => {
  expect(weakness(text, 'evaruiz')).toBe(want)
})
