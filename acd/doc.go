// Package acd distributes waiting calls among agents: definitions of queues
// and agents, the agent's state machine, matching, wrap-up, and views that
// explain every decision. It implements orchestrator.Distributor,
// orchestrator.Agents and orchestrator.Devices.
//
// The truth of who waits and who serves is in a Store (acd/redisstore). Every
// change there is one atomic step that also tries to match: a call that enters
// looks for an agent, an agent who becomes free looks for a call. Nothing
// polls. What falls due (a phone that rings too long, the end of wrap-up, the
// end of a rest) stands in one sorted set for each PBX, watched by one timer.
//
// Agents who can and may do the same are one Profile; calls that ask for the same
// wait in one Lane, which has a rank for each profile that serves it (lane.go). A
// call that enters compares the first free agent of each profile, an agent who
// becomes free the first call of each lane: both firsts stand in sorted sets, so
// either is one read, however many agents and calls there are. A call goes through
// its lanes in Rings, as it waits.
//
// What boards show is counted by the same steps (counts.go): agents for each profile
// and state, calls for each queue. So no board, figure or estimate reads everything.
//
// # Rules of matching
//
//   - A call is served by agents of its queue on the same PBX, or on one of its group
//     (Definitions.Groups), who meet what queue and call require by then
//     (requirement.go), whose delay it has waited, and who are not kept in reserve
//     unless it is of a tier. Who meets what was required from the beginning comes
//     first, then the agent's rank, then who is at the call's own PBX, then the
//     order of the queue's strategy (strategy.go).
//   - An agent gets, of all calls waiting in the agent's queues, the one that
//     waits longest; a point of priority counts as so long waited as its queue says, a tier
//     comes before all of the lower ones.
//     Only servable calls are compared, so no call blocks another.
//   - A call whose PBX is away is served by nobody: it keeps its place, and waits in no
//     lane until that is back (presence.go).
//   - An agent is eligible while available, not resting, and with a phone that
//     is free or whose state is unknown. A phone in a call that is not ours is
//     passed over until it is free; one that is not registered until it is back.
//   - After an offer that came to nothing the call has its old place and is
//     matched again in the same step; the agent rests for the queue's retry
//     time, so the same phone does not ring again at once for the same call.
//     The caller leaving first is no blame: no rest.
//   - A pause or logout asked for during a call waits until the call and its
//     wrap-up are over; resume takes it back. A disposition may be given from the
//     answer to the next answer, or the next login.
//   - A phone that says busy again and again rests twice as long each time.
//   - An agent has one phone, the one of the definition. A command that names
//     the agent but comes from another phone is answered "elsewhere".
//
// # Several processes
//
// Several may serve one tenant. Each deals with the deadlines of the
// PBXs it drives (Parts.Drives), is told by Service.Wake when it begins to
// drive one, and looks once a second for deadlines that another process set
// (beat). Every offer is written to a stream of its PBX by the step that makes
// it, whichever process asked for that step; the one that drives the PBX reads
// the stream (Desk). The process with the newest definitions, or the one that a
// person had reload them last, says what agents and queues there are; clocks must agree. What is
// in force is kept in the store, with the queues that are gone and not empty yet: a process that begins
// goes on with those, and one that has other definitions goes by what is kept (InForce).
//
// A store that comes back without its last writes may hold what fits nothing.
// Heal mends that; a record that cannot be read is set aside and told of once.
//
// Queue length, admission and position count per queue and group of PBXs.
//
// The package is free of Redis, PBX and HTTP; it imports orchestrator and
// its leaves only. All methods of Service are safe for concurrent use.
package acd
