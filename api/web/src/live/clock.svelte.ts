// One tick a second for everything that counts time, on the server's clock.
class Clock {
  now = $state(Date.now())
  private ahead = 0 // of ours, in ms

  constructor() {
    setInterval(() => this.tick(), 1_000)
  }

  // set takes the server's time in.
  set(at: string): void {
    this.ahead = Date.parse(at) - Date.now()
  }

  // hint takes in what an answer says of the server's time, to the second: who watches nothing live has no better word.
  hint(date: string | null): void {
    const at = Date.parse(date ?? '')
    if (Math.abs(at - this.server()) > 2_000) this.ahead = at - Date.now()
  }

  server(): number {
    return Date.now() + this.ahead
  }

  private tick(): void {
    this.now = this.server()
  }
}

export const clock = new Clock()
