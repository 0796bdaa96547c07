// The pages, in the order in which they are offered. Each is a chunk of its own, with its words.
import type {Component} from 'svelte'
import type {Me} from '../api/client'
import type {Words} from '../i18n/en'

export interface Route {
  path: string // behind #/
  title: (t: Words) => string
  needs: string // the operation without which the page has nothing to show
  own?: true // it shows an agent what is the agent's own, and nobody else anything
  aside?: boolean // not offered beside the others: reached in another way
  load: () => Promise<{default: Component<PageProps>}>
}

// PageProps are what a page is told: the path's first word, those behind it (#/campaigns/debt has debt), and
// what is asked behind a question mark (#/reports/agents?team=day), "" when nothing is.
export interface PageProps {
  path: string
  rest: string[]
  query: string
}

const floor = () => import('./floor/Page.svelte')
const campaigns = () => import('./campaigns/Page.svelte')

export const routes: Route[] = [
  {path: 'agent', title: (t) => t.agent, needs: 'getAgentChoices', own: true, load: () => import('./agent/Page.svelte')},
  {path: 'floor', title: (t) => t.floor, needs: 'streamLive', load: floor},
  {path: 'reports', title: (t) => t.reports, needs: 'listReports', load: () => import('./reports/Page.svelte')},
  {path: 'recordings', title: (t) => t.recordings, needs: 'listRecordings', load: () => import('./recordings/Page.svelte')},
  {path: 'wall', title: (t) => t.wall, needs: 'streamLive', load: floor},
  {path: 'campaigns', title: (t) => t.campaigns, needs: 'listCampaigns', load: campaigns},
  {path: 'lists', title: (t) => t.lists, needs: 'listLists', load: campaigns},
  {path: 'admin', title: (t) => t.admin, needs: 'listDisplays', load: () => import('./admin/Page.svelte')},
  {path: 'account', title: (t) => t.account, needs: 'getPreferences', aside: true, load: () => import('./account/Page.svelte')},
]

// Open is a page for whom nobody has let in yet.
export interface Open {
  path: string
  title: (t: Words) => string
  load: () => Promise<{default: Component<{rest: string[]}>}>
}

export const open: Open[] = [
  {path: 'welcome', title: (t) => t.welcome, load: () => import('./welcome/Page.svelte')},
  {path: 'display', title: (t) => t.wall, load: () => import('./display/Page.svelte')},
]

// offered are the pages that somebody may use.
export function offered(me: Me | undefined): Route[] {
  return routes.filter((r) => me?.permissions.includes(r.needs) && (!r.own || (me.role === 'agent' && !!me.agent)))
}
