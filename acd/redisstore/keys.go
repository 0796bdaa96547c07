package redisstore

import "github.com/operadora/operadora/acd"

// keys names every key of the distributor. All keys of a tenant share the hash
// tag {tenant}, so that each script touches one slot of a Redis Cluster.
type keys struct{ prefix string }

func keysOf(tenant string) keys { return keys{prefix: "op:{" + tenant + "}:acd:"} }

// agents is a hash, agent id -> acd.AgentRecord as JSON. No expiry: a record is
// deleted when its agent's definition is gone (agent_retire).
func (k keys) agents() string { return k.prefix + "agents" }

// calls is a hash, call id -> acd.CallRecord as JSON, of calls waiting or
// offered. No expiry: an answered call leaves it with offer_answer, any other
// with call_leave or a cancelled offer.
func (k keys) calls() string { return k.prefix + "calls" }

// offers is a hash, offer id -> acd.OfferRecord as JSON, of offers in force. No
// expiry: deleted by offer_fail (an unanswered one has a deadline) or offer_finish.
func (k keys) offers() string { return k.prefix + "offers" }

// The scripts alone (lib_agent) use the hash taken, call id -> offer id, of calls
// that an agent has answered: they are in calls no more, and may ask for a place
// once more. No expiry: deleted with the offer. One whose offer was lost is a
// small field that says nothing.

// deadlines is a sorted set, "<kind>:<id>" by unix ms, of one PBX, because only
// the process that drives a PBX deals with its deadlines. A member is removed
// by the script that leaves the state it belongs to, or by deadline_drop.
func (k keys) deadlines(pbx string) string { return k.prefix + "deadlines:" + pbx }

// paces is a hash, "<queue>@<group>" -> acd.Pace as JSON: one small field per
// queue and group of PBXs ever used.
func (k keys) paces() string { return k.prefix + "paces" }

// waiting is a sorted set of call ids by acd.CallScore: who waits in a queue, for
// length and position. A call is in exactly one of them while it waits, in none
// while it is offered or stranded.
func (k keys) waiting(q acd.QueueAt) string { return k.prefix + "waiting:" + field(q) }

// presence is a hash, PBX -> "<epoch of the lease under which that was told> <since when it is
// away, unix ms; 0: it is there>". Written by pbx_away and pbx_back.
func (k keys) presence() string { return k.prefix + "presence" }

// present and stranded are sorted sets of call ids by acd.CallScore: the calls of a PBX that
// are in queues, and of those the ones that no agent finds because the PBX is away. Such a call waits in no other set, until pbx_back. astray
// is the same of a queue, of callers on the line.
func (k keys) present(pbx string) string   { return k.prefix + "present:" + pbx }
func (k keys) stranded(pbx string) string  { return k.prefix + "stranded:" + pbx }
func (k keys) astray(q acd.QueueAt) string { return k.prefix + "astray:" + field(q) }

// lane is a sorted set of call ids by acd.CallScore: those that ask for the same. A
// call is in exactly one of them while it waits. "@<agent>" is an agent's own.
func (k keys) lane(id string) string { return k.prefix + "lane:" + id }

// lanes is a sorted set of the lanes in which somebody waits, by the score of the
// first: so the oldest call that an agent may serve is found by one read.
func (k keys) lanes() string { return k.prefix + "lanes" }

// inside is a sorted set of call ids by entry (unix ms): who is in a queue on the line,
// waiting or offered; callbacks the same of those who are to be called back.
func (k keys) inside(q acd.QueueAt) string    { return k.prefix + "inside:" + field(q) }
func (k keys) callbacks(q acd.QueueAt) string { return k.prefix + "callbacks:" + field(q) }

// insides is a sorted set of "<queue>@<group>" in which anybody is, by the entry of the
// first on the line; +inf where callbacks alone are.
func (k keys) insides() string { return k.prefix + "insides" }

// counts is a hash of how many agents stand where: "<profile>:<state>" (those available
// to whom nothing may be offered are passed_over), "<profile>" (all logged in), and
// "rev", which changes with any of them. Kept by what stores an agent's record.
func (k keys) counts() string { return k.prefix + "counts" }

// leaving is a set of agents whose definition is gone, and who have a record until
// their call is over.
func (k keys) leaving() string { return k.prefix + "leaving" }

// serves is a hash, acd.Profile -> rank, of who serves a lane, with its
// acd.LaneRules under the empty name. It is named by its content and never
// changed; it expires a week after a call last asked for it.
func (k keys) serves(table string) string { return k.prefix + "serves:" + table }

// staff is a set of the agents logged in to a queue.
func (k keys) staff(q acd.QueueAt) string { return k.prefix + "staff:" + field(q) }

// The scripts alone use, for each queue on a group of PBXs, the set pbxs:<queue>@<group> of
// those whose calls have been in it, who are told when its last agent logs out; for each acd.Profile and each acd.Fact that its queues
// order by, the sorted set idle:<profile>:<fact>, agent id by fact: the eligible
// agents of the profile, and nobody else; and for each fact the sorted set
// profiles:<fact>, of those in which somebody is, by the fact of the first.

// The scripts alone use the hash draws, "<queue>@<group>" -> "<seed> <how often>": how often
// agents were drawn by the seed of a queue. One small field for each queue that ever had one.

// last is who served a caller of a queue last: an agent's id. It expires after the time
// for which the queue keeps it in mind (acd.LastAgent). Written by offer_finish.
func (k keys) last(queue, caller string) string { return k.prefix + "last:" + queue + ":" + caller }

// kept is the place of a caller who hung up while waiting in a queue, or was cut off:
// "<until> <since> <call>". Written by what takes the call out of the queue, deleted by
// call_enqueue; it expires after the time for which the queue keeps it (acd.Queue.PlaceKept).
func (k keys) kept(queue, caller string) string { return k.prefix + "kept:" + queue + ":" + caller }

// desk is a stream of what the owner of a PBX is told of its calls' offers:
// "made" (the offer's id) and "gone" (the offer), "why". Trimmed as it grows
// (lib_state): what stands can always be read from offers.
func (k keys) desk(pbx string) string { return k.prefix + "desk:" + pbx }

// broken is a hash, "<hash> <id>" -> text, of records that could not be read.
// Taken out when it was told of (Store.Broken), else it expires after a week.
func (k keys) broken() string { return k.prefix + "broken" }

// was is the same, kept until an agent's record is made anew of what it said.
func (k keys) was() string { return k.prefix + "was" }

// The scripts alone use the hash breaks, agent id -> {reason: {"began" (when pauses did, unix ms),
// "spent" (from when till when they lasted), "from","to" (the day), "times","most" (ms; what it
// allows), "crowd" (the pause is one too many at once)}} as JSON: one field per agent who ever
// paused for a reason, with two days at most; and, for each reason and scope (centre, team:<team>,
// queue:<queue>), the set away:<reason>:<scope> of the agents who pause for it now, or will
// after their call.

// pin is a hash of the wrong PINs of an agent ("agent:<id>") or from a phone
// ("phone:<endpoint>@<pbx>"): "wrong" (in a row), "until" (locked, unix ms). It
// expires a day after the last.
func (k keys) pin(whose string) string { return k.prefix + "pin:" + whose }

// turns is a hash of what the processes of a tenant do in turn: what -> when it was last
// begun, unix ms. Written by turn_take, expires an hour after the last.
func (k keys) turns() string { return k.prefix + "turns" }

// definitions is a hash of the definitions by which the places of agents and calls are: "print",
// "since" (when they were put in force, unix ms) and "body" (acd.InForce as JSON: some 300 bytes an
// agent, read by who has others, and at a start or reload). No expiry.
func (k keys) definitions() string { return k.prefix + "definitions" }

// field names a queue on a group of PBXs; neither name can contain the sign.
func field(q acd.QueueAt) string { return q.Queue + "@" + q.Group }
