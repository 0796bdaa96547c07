package pacingsim

// Lead is what somebody who is called does.
type Lead struct {
	Outcome
	Talk float64 // with an agent, in seconds
}

// People are the first so many leads of a world's first campaign, as a simulation of that seed
// calls them: for who lets real phones ring for them. Rates are those of the beginning.
func People(w *World, seed uint64, n int) []Lead {
	s := &sim{world: w, draws: newDraws(seed), campaigns: []campaign{newCampaign(&w.Campaigns[0], 0)}}
	x := &s.campaigns[0]
	out := make([]Lead, n)
	for k := range out {
		lead := x.nextLead(0, k)
		out[k] = Lead{Outcome: s.outcomeOf(x, lead), Talk: x.talk.Sample(s.draws.of(forTalk, 0, lead))}
		if s.congested(x, lead) {
			out[k].Outcome = Outcome{Class: Congestion, In: congestedIn}
		}
	}
	return out
}
