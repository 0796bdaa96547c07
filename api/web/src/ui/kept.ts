// What a browser keeps of how somebody wants to see things. It may be forbidden to keep anything.
const prefix = 'operadora.'

export function kept<T extends string>(name: string, of: readonly T[], otherwise: T): T {
  const v = keptText(name)
  return of.find((o) => o === v) ?? otherwise
}

export function keptText(name: string): string {
  try {
    return localStorage.getItem(prefix + name) ?? ''
  } catch {
    return ''
  }
}

export function keep(name: string, value: string): void {
  try {
    localStorage.setItem(prefix + name, value)
  } catch {
    // then it is as it was at the next visit
  }
}
