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

  // hint takes in what an answer says of the server's time, to the second, at some moment since it was asked for:
  // who watches nothing live has no better word. However late it comes, ours moves by no more than it must.
  hint(date: string | null, asked: number): void {
    const at = Date.parse(date ?? '')
    if (!Number.isNaN(at)) this.ahead = Math.min(Math.max(this.ahead, at - Date.now()), at + 1_000 - asked)
  }

  server(): number {
    return Date.now() + this.ahead
  }

  private tick(): void {
    this.now = this.server()
  }
}

export const clock = new Clock()
