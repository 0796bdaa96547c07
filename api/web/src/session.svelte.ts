// Who is signed in.
import {get, post, Refused, remove, whenOver, type Me, type Schemas} from './api/client'
import {preferences} from './preferences.svelte'

class Session {
  me: Me | undefined = $state.raw()
  over = $state(false) // was signed in, and is not any more
  asked = $state(false)
  private since = 0 // when we were let in: what was asked before is of the session before
  private waiting: (() => void)[] = []

  constructor() {
    whenOver((asked) => {
      if (this.me && asked >= this.since) this.over = true
    })
  }

  // look asks who we are. Only the server's word ends a session: when it does not answer, we go on.
  async look(): Promise<void> {
    try {
      this.me = await get('/api/v1/me')
      void preferences.load()
      this.over = false
    } catch (e) {
      if (!(e instanceof Refused)) throw e
    } finally {
      this.asked = true
    }
  }

  async signIn(by: Schemas['Credentials']): Promise<void> {
    this.letIn(await post('/api/v1/session', {body: by}))
  }

  // back looks whether somebody has signed in again in another window.
  async back(): Promise<void> {
    try {
      this.letIn(await get('/api/v1/me'))
    } catch {
      // not yet
    }
  }

  // letIn goes on as whom the server has let in.
  letIn(me: Me | undefined): void {
    const other = this.me && (this.me.user ?? this.me.token) !== (me?.user ?? me?.token)
    this.me = me
    this.over = false
    this.since = Date.now()
    if (other) location.reload() // what the one before was shown is not for everybody
    void preferences.load()
    for (const f of this.waiting.splice(0)) f()
  }

  async signOut(): Promise<void> {
    await remove('/api/v1/session')
    location.reload()
  }

  // whenBack calls f once somebody has signed in again.
  whenBack(f: () => void): void {
    if (!this.waiting.includes(f)) this.waiting.push(f)
  }

  may(operation: string): boolean {
    return this.me?.permissions.includes(operation) ?? false
  }
}

export const session = new Session()
