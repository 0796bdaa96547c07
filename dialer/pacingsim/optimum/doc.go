// Package optimum solves the one dialer whose best possible pacing is known
// exactly: every law exponential, nothing drifting, everything observed at once.
// It is the yardstick for a pacer: no controller whatsoever can do better in
// that case, because under exponential laws the two counts of the state say all
// that there is to know about the future.
//
// The dialer is a Markov decision process. Its state is (b, x): b calls with
// agents or waiting for one, x numbers ringing. Each ringing number resolves at
// rate 1/ring and is then answered with probability p; each of the min(b, N)
// busy agents finishes at rate 1/handle; each of the b-N waiting callees is lost
// at rate 1/patience. The controller may at any moment dial more, and can never
// take a call back. The best policy for a price c on each lost call maximises
// served calls minus c times lost calls per second; moving c until the share of
// lost calls among the answered meets the limit gives the best policy under that
// limit (Beutler and Ross, "Optimal policies for controlled Markov chains with a
// constraint", 1985: at most two deterministic policies are mixed).
//
// Nothing here is simulated: utilisation and abandonment come from the
// stationary distribution, and the distance to the true optimum is bounded by
// weak duality.
package optimum
