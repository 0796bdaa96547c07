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

  server(): number {
    return Date.now() + this.ahead
  }

  private tick(): void {
    this.now = this.server()
  }
}

export const clock = new Clock()
