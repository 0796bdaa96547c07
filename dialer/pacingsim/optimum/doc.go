// Package optimum solves the one dialer whose best possible pacing is known
// exactly: every law exponential, nothing drifting, everything observed at once.
// It is the yardstick for a pacer: no controller that lets its calls ring can do
// better in that case, because under exponential laws the two counts of the
// state say all that there is to know about the future.
//
// A controller that gives ringing calls up can do better, and there is no bound
// for it short of all the time: were giving up free and allowed at once, it would
// dial without end and take back all but the first answer. What keeps real
// dialers from that is the legal minimum ring. A pacer that gives calls up after
// it is compared fairly only in a world whose min_ring is its ring_timeout.
//
// The dialer is a Markov decision process. Its state is (b, x): b calls with
// agents or waiting for one, x numbers ringing. Each ringing number resolves at
// rate 1/ring and is then answered with probability p; each of the min(b, N)
// busy agents finishes at rate 1/handle; each of the b-N waiting callees is lost
// at rate 1/patience. The controller may at any moment dial more, and never
// takes a call back. The best policy for a price c on each lost call maximises
// served calls minus c times lost calls per second; moving c until the share of
// lost calls among the answered meets the limit gives the best policy under that
// limit (Beutler and Ross, "Optimal policies for controlled Markov chains with a
// constraint", 1985: at most two deterministic policies are mixed).
//
// Nothing here is simulated: utilisation and abandonment come from the
// stationary distribution, and the distance to the true optimum is bounded by
// weak duality.
package optimum
