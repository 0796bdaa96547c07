package pacingsim

// summarise makes one Result of the runs of all seeds.
func summarise(o *Options, sims []*sim) Result {
	r := Result{Scenario: o.World.Name, Algorithm: o.Algorithm, Seeds: o.Seeds, Hours: o.Hours, UtilisationWorst: 1, InboundInTime: 1}
	agentW, callee := newHistogram(0.1, 6000), newHistogram(0.01, 3000)
	var spent float64
	var slow slowness
	var dials, connects, decisions, inbound, lateIn, givenUp int
	var days [][]Bin
	for k, s := range sims {
		seed := s.seedResult(o.FirstSeed + uint64(k))
		r.UtilisationWorst = min(r.UtilisationWorst, seed.Utilisation)
		r.AbandonWorst = max(r.AbandonWorst, seed.Abandon)
		r.LimitRatioWorst = max(r.LimitRatioWorst, seed.LimitRatio)
		r.WorstHourAbandon = max(r.WorstHourAbandon, seed.WorstHour)
		if seed.LimitRatio > 1 {
			r.SeedsOverLimit++
		}
		r.UtilisationMean += seed.Utilisation / float64(len(sims))
		r.AbandonMean += seed.Abandon / float64(len(sims))
		agentW.merge(&s.m.agentW)
		callee.merge(&s.m.callee)
		slow.merge(&s.slowest)
		dials += s.m.dials
		connects += s.m.connects
		r.CutBeforeMinRing += s.m.cut
		r.HungUpOn += s.m.crossed
		givenUp += s.m.givenUp
		r.CapViolations += s.m.violations
		decisions += s.decisions
		spent += s.spent.Seconds()
		inbound += s.inbound.total
		lateIn += s.inbound.lateIn
		days = append(days, s.m.bins)
		if o.KeepSeeds {
			r.PerSeed = append(r.PerSeed, seed)
		}
	}
	r.AgentWaitMean, r.AgentWaitP95 = agentW.mean(), agentW.quantile(0.95)
	r.CalleeWaitP99 = callee.quantile(0.99)
	r.DialsPerConnect = ratio(float64(dials), float64(connects))
	r.GivenUp = ratio(float64(givenUp), float64(dials))
	r.DecisionsPerSecond, r.DecisionP99 = ratio(float64(decisions), spent), slow.quantile(0.99)
	if inbound > 0 {
		r.InboundInTime = 1 - float64(lateIn)/float64(inbound)
	}
	r.Campaigns = campaignResults(o.World, sims)
	if o.KeepDay {
		r.Day = sumDays(days)
	}
	return r
}

func (s *sim) seedResult(seed uint64) SeedResult {
	x := SeedResult{Seed: seed, Utilisation: ratio(s.m.busy, s.m.staffed), WorstHour: s.m.worstHour()}
	for i := range s.campaigns {
		c := &s.campaigns[i]
		x.Answered += c.answered
		x.Abandoned += c.abandoned
		x.Dials += c.dials
		x.LimitRatio = max(x.LimitRatio, ratio(float64(c.abandoned), float64(c.answered))/c.spec.Limit)
	}
	x.Abandon = ratio(float64(x.Abandoned), float64(x.Answered))
	return x
}

func campaignResults(w *World, sims []*sim) []CampaignResult {
	all := make([]CampaignResult, len(w.Campaigns))
	connects, total := make([]int, len(all)), 0
	for i := range all {
		all[i].Name, all[i].Limit = w.Campaigns[i].Name, w.Campaigns[i].Limit
		answered, falseAMD := 0, 0
		for _, s := range sims {
			c := &s.campaigns[i]
			rate := ratio(float64(c.abandoned), float64(c.answered))
			all[i].AbandonMean += rate / float64(len(sims))
			all[i].AbandonWorst = max(all[i].AbandonWorst, rate)
			connects[i] += c.connects
			answered += c.answered
			falseAMD += c.falseAMD
		}
		total += connects[i]
		all[i].FalseMachines = ratio(float64(falseAMD), float64(answered))
	}
	for i := range all {
		all[i].ConnectShare = ratio(float64(connects[i]), float64(total))
	}
	return all
}

func sumDays(days [][]Bin) []Bin {
	sum := append([]Bin(nil), days[0]...)
	for _, day := range days[1:] {
		for i, b := range day {
			sum[i].Staffed += b.Staffed
			sum[i].Busy += b.Busy
			sum[i].Dials += b.Dials
			sum[i].Answered += b.Answered
			sum[i].Abandoned += b.Abandoned
		}
	}
	return sum
}
