// What a board shows, by kind and id, and how messages change it.
import type {Schemas} from '../api/client'

export interface Rows {
  agents: Map<string, Schemas['Agent']>
  calls: Map<string, Schemas['LiveCall']>
  queues: Map<string, Schemas['Queue']>
  pbxs: Map<string, Schemas['LivePBX']>
  campaigns: Map<string, Schemas['Campaign']>
  campaign_views: Map<string, View>
}

// View is how a campaign stands, by the campaign's id.
export type View = Schemas['CampaignView'] & {id: string}

export type Kind = keyof Rows
export const kinds: Kind[] = ['agents', 'calls', 'queues', 'pbxs', 'campaigns', 'campaign_views']

export function none(): Rows {
  return {agents: new Map(), calls: new Map(), queues: new Map(), pbxs: new Map(), campaigns: new Map(), campaign_views: new Map()}
}

// whole replaces everything by a snapshot.
export function whole(rows: Rows, snapshot: Schemas['LiveSnapshot']): void {
  for (const kind of kinds) rows[kind].clear()
  put(rows, snapshot.rows)
}

// change takes a delta in.
export function change(rows: Rows, delta: Schemas['LiveDelta']): void {
  put(rows, delta.put)
  for (const id of delta.del.agents ?? []) rows.agents.delete(id)
  for (const id of delta.del.calls ?? []) rows.calls.delete(id)
  for (const id of delta.del.queues ?? []) rows.queues.delete(id)
}

function put(rows: Rows, some: Schemas['LiveRows']): void {
  for (const v of some.agents ?? []) rows.agents.set(v.id, v)
  for (const v of some.calls ?? []) rows.calls.set(v.id, v)
  for (const v of some.queues ?? []) rows.queues.set(v.id, v)
  for (const v of some.pbxs ?? []) rows.pbxs.set(v.id, v)
  for (const v of some.campaigns ?? []) rows.campaigns.set(v.id, v)
  for (const v of some.campaign_views ?? []) rows.campaign_views.set(v.campaign.id, {...v, id: v.campaign.id})
}

// all is a snapshot of what is shown.
export function all(rows: Rows, at: string): Schemas['LiveSnapshot'] {
  return {
    at,
    rows: {
      agents: [...rows.agents.values()], calls: [...rows.calls.values()], queues: [...rows.queues.values()], pbxs: [...rows.pbxs.values()],
      campaigns: [...rows.campaigns.values()], campaign_views: [...rows.campaign_views.values()],
    },
  }
}

// byStart has the oldest call first: a call keeps its place, and new ones come behind. A moment has as many digits
// as it needs, so that its text has not its order.
export function byStart(x: Schemas['LiveCall'], y: Schemas['LiveCall']): number {
  return Date.parse(x.started_at) - Date.parse(y.started_at)
}
