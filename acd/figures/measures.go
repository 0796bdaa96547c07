package figures

// Unit says what a measure's values are.
type Unit string

// Units.
const (
	Count  Unit = "count"
	Millis Unit = "ms"
	Share  Unit = "share" // 1 is all
)

// Measure is a column of a report. Every formula has its source: there is no single
// service level, and contracts, PBXs and suites differ in what they do with callers
// who hung up or went elsewhere.
type Measure struct {
	Name    string
	Unit    Unit
	Formula string // over the symbols of parts
	Source  string // who counts so, or why it is counted so
	Brief   bool   // shown where there is room for few
	of      func(t *Tally) (over, under int64)
}

// Of is the measure of a tally; ok is false when it has no value, as the share of
// nothing has none.
func (m *Measure) Of(t *Tally) (value float64, ok bool) {
	over, under := m.of(t)
	if under <= 0 {
		return 0, false
	}
	return float64(over) / float64(under), true
}

// part is a measure that is a part alone.
func part(p Part, name string, unit Unit) Measure {
	return Measure{Name: name, Unit: unit, Formula: p.Info().Symbol, Source: p.Info().Text,
		of: func(t *Tally) (int64, int64) { return t[p], 1 }}
}

func ratio(name string, unit Unit, formula, source string, of func(t *Tally) (int64, int64)) Measure {
	return Measure{Name: name, Unit: unit, Formula: formula, Source: source, of: of}
}

// mean is a sum of times for each of something.
func mean(name, formula, source string, sum, each Part) Measure {
	return ratio(name, Millis, formula, source, func(t *Tally) (int64, int64) { return t[sum], t[each] })
}

func brief(m Measure) Measure {
	m.Brief = true
	return m
}

// busy is the time in which an agent was with a customer, or busy for one.
func busy(t *Tally) int64 { return t[Talking] + t[Calling] + t[WrappingUp] }

func handling(t *Tally) int64 { return t[Talk] + t[Hold] + t[WrapUp] }

// after is what was done once a caller was with an agent.
var after = []Measure{
	part(Handled, "handled", Count),
	brief(ratio("aht_ms", Millis, "(t + h + u) / H", "average handling time: conversation, hold and wrap-up; ring time is no part of it",
		func(t *Tally) (int64, int64) { return handling(t), t[Handled] })),
	mean("mean_talk_ms", "t / H", "part of aht_ms", Talk, Handled),
	mean("mean_hold_ms", "h / H", "part of aht_ms", Hold, Handled),
	mean("mean_wrap_up_ms", "u / H", "part of aht_ms", WrapUp, Handled),
	part(Talk, "talk_ms", Millis),
	part(Hold, "hold_ms", Millis),
	part(WrapUp, "wrap_up_ms", Millis),
	brief(part(Transfers, "transfers", Count)),
	ratio("transfers_blind", Count, "X - X_a", "the caller was sent without a word before", func(t *Tally) (int64, int64) { return t[Transfers] - t[Attended], 1 }),
	part(Attended, "transfers_attended", Count),
	ratio("transfer_rate", Share, "X / H", "transfers for each conversation", func(t *Tally) (int64, int64) { return t[Transfers], t[Handled] }),
	part(Offers, "offers", Count),
	brief(part(Missed, "missed", Count)),
	ratio("missed_rate", Share, "M / N", "ring-no-answer rate: offers that the agent let ring or rejected; busy and unreachable phones and callers who left are none",
		func(t *Tally) (int64, int64) { return t[Missed], t[Offers] }),
}

// service are the measures of queues.
var service = append([]Measure{
	brief(part(Offered, "offered", Count)),
	brief(part(Answered, "answered", Count)),
	part(AnsweredWithin, "answered_within", Count),
	brief(part(Abandoned, "abandoned", Count)),
	part(AbandonedWithin, "abandoned_within", Count),
	brief(part(AbandonedShort, "abandoned_short", Count)),
	part(Flowed, "flowed", Count),
	ratio("waiting", Count, "O - A - B - F", "callers who still wait", func(t *Tally) (int64, int64) { return t.Waiting(), 1 }),
	part(WaitingLate, "waiting_late", Count),
	ratio("sl_answered", Share, "A_T / A", "app_queue's ServicelevelPerf; Genesys with all options off", func(t *Tally) (int64, int64) { return t[AnsweredWithin], t[Answered] }),
	ratio("sl_with_abandons", Share, "(A_T + B_T) / (A + B)", "app_queue's ServicelevelPerf2: who hangs up within T was served well enough",
		func(t *Tally) (int64, int64) {
			return t[AnsweredWithin] + t[AbandonedWithin], t[Answered] + t[Abandoned]
		}),
	ratio("sl_strict", Share, "A_T / (A + B)", "every caller who hung up counts against it", func(t *Tally) (int64, int64) { return t[AnsweredWithin], t[Answered] + t[Abandoned] }),
	brief(ratio("sl_short_excluded", Share, "A_T / (A + B - B_s)", "the usual form of contracts: who hangs up at once had dialled wrong",
		func(t *Tally) (int64, int64) {
			return t[AnsweredWithin], t[Answered] + t[Abandoned] - t[AbandonedShort]
		})),
	ratio("sl_late_abandons", Share, "A_T / (A + B - B_T)", "only who hung up after T counts against it",
		func(t *Tally) (int64, int64) {
			return t[AnsweredWithin], t[Answered] + t[Abandoned] - t[AbandonedWithin]
		}),
	ratio("sl_offered", Share, "A_T / O", "callers who went elsewhere count against it, too", func(t *Tally) (int64, int64) { return t[AnsweredWithin], t[Offered] }),
	ratio("sl_live", Share, "A_T / (A + B - B_s + W_T)", "sl_short_excluded with those who still wait and cannot be in time any more; at rest the two are the same",
		func(t *Tally) (int64, int64) {
			return t[AnsweredWithin], t[Answered] + t[Abandoned] - t[AbandonedShort] + t[WaitingLate]
		}),
	brief(ratio("abandon_rate", Share, "B / O", "Amazon Connect's: abandoned of all that were queued", func(t *Tally) (int64, int64) { return t[Abandoned], t[Offered] })),
	brief(mean("asa_ms", "w(A) / A", "average speed of answer; as in app_queue, ring time is inside", WaitAnswered, Answered)),
	mean("mean_abandon_ms", "w(B) / B", "how long those waited who hung up: their patience", WaitAbandoned, Abandoned),
	ratio("mean_wait_ms", Millis, "w / (A + B + F)", "mean wait of all whose wait is over",
		func(t *Tally) (int64, int64) { return t[WaitAll], t[Answered] + t[Abandoned] + t[Flowed] }),
	brief(part(LongestWait, "longest_wait_ms", Millis)),
	part(WaitAnswered, "wait_answered_ms", Millis),
	part(WaitAbandoned, "wait_abandoned_ms", Millis),
	part(WaitAll, "wait_all_ms", Millis),
	part(Known, "known_callers", Count),
	part(Repeated, "repeat_callers", Count),
	ratio("repeat_rate", Share, "R / K", "callers who come again were not helped the first time", func(t *Tally) (int64, int64) { return t[Repeated], t[Known] }),
	part(CallbacksAsked, "callbacks", Count),
	part(CallbacksReached, "callbacks_reached", Count),
	part(CallbacksExpired, "callbacks_expired", Count),
	part(CallbacksCancelled, "callbacks_cancelled", Count),
	part(CallbacksFailed, "callbacks_failed", Count),
	ratio("callbacks_pending", Count, "C - C_r - C_x - C_c - C_f", "customers who are yet to be reached",
		func(t *Tally) (int64, int64) {
			return t[CallbacksAsked] - t[CallbacksReached] - t[CallbacksExpired] - t[CallbacksCancelled] - t[CallbacksFailed], 1
		}),
	part(CallbackAttempts, "callback_attempts", Count),
	mean("mean_callback_ms", "w(C) / C_r", "time to reach: how long customers waited to be called back, off the line and in no figure of callers", CallbackWait, CallbacksReached),
	part(CallbackLongest, "longest_callback_ms", Millis),
}, after...)

// people are the measures of agents.
var people = append([]Measure{
	part(Logins, "logins", Count),
	brief(part(LoggedIn, "logged_in_ms", Millis)),
	brief(part(Available, "available_ms", Millis)),
	part(Ringing, "ringing_ms", Millis),
	brief(part(Talking, "talking_ms", Millis)),
	part(Calling, "calling_ms", Millis),
	brief(part(WrappingUp, "wrapping_up_ms", Millis)),
	brief(part(Paused, "paused_ms", Millis)),
	brief(ratio("occupancy", Share, "(T_ta + T_ca + T_wr) / (T_ta + T_ca + T_wr + T_ri + T_av)", "handling, of the time that agents are not paused; the ringing of one's own phone is no handling, to wait for a customer who is called back is",
		func(t *Tally) (int64, int64) {
			return busy(t), busy(t) + t[Ringing] + t[Available]
		})),
	ratio("occupancy_ringing", Share, "(T_ta + T_ca + T_wr + T_ri) / (T_ta + T_ca + T_wr + T_ri + T_av)", "the same for those who count a ringing phone as work",
		func(t *Tally) (int64, int64) {
			return busy(t) + t[Ringing], busy(t) + t[Ringing] + t[Available]
		}),
	brief(ratio("utilisation", Share, "(T_ta + T_ca + T_wr) / T_in", "handling, of the time logged in, pauses included",
		func(t *Tally) (int64, int64) { return busy(t), t[LoggedIn] })),
	brief(part(Answered, "answered", Count)),
	part(Dialled, "dialled", Count),
}, after...)

// results are the measures of outcomes.
var results = []Measure{
	brief(part(Outcomes, "outcomes", Count)),
	brief(part(Disposed, "calls", Count)),
	brief(part(Defaulted, "by_default", Count)),
	brief(ratio("default_rate", Share, "G_d / G_c", "calls to which the agent gave no outcome, of those that have one", func(t *Tally) (int64, int64) { return t[Defaulted], t[Disposed] })),
	ratio("beside", Count, "G - G_c", "outcomes beside another of the same call", func(t *Tally) (int64, int64) { return t[Outcomes] - t[Disposed], 1 }),
}

// absences are the measures of pauses.
var absences = []Measure{
	brief(part(Pauses, "pauses", Count)),
	brief(part(Paused, "paused_ms", Millis)),
	brief(part(PausesOver, "pauses_over", Count)),
	brief(part(PausedOver, "paused_over_ms", Millis)),
	brief(ratio("adherence", Share, "(T_pa - T_ov) / T_pa", "time paused within what reasons allow in a day; a reason without per_day allows all",
		func(t *Tally) (int64, int64) { return t[Paused] - t[PausedOver], t[Paused] })),
	brief(mean("mean_pause_ms", "T_pa / P", "time paused for each pause that began", Paused, Pauses)),
}

// campaigns are the measures of campaigns.
var campaigns = []Measure{
	brief(part(CampaignCalls, "calls", Count)),
	brief(part(CampaignReached, "answered", Count)),
	brief(part(CampaignServed, "served", Count)),
	brief(part(CampaignAbandoned, "abandoned", Count)),
	brief(part(CampaignNoAnswer, "no_answer", Count)),
	brief(part(CampaignBusy, "busy", Count)),
	brief(part(CampaignUnreachable, "unreachable", Count)),
	brief(part(CampaignInvalid, "invalid", Count)),
	brief(part(CampaignDeclined, "declined", Count)),
	brief(part(CampaignMachine, "machine", Count)),
	brief(part(CampaignFailed, "failed", Count)),
	ratio("left", Count, "Z_a - Z_s - Z_b - Z_m", "answered calls that were neither served nor abandoned, nor machines: a flow's, of whoever hung up before its end",
		func(t *Tally) (int64, int64) {
			return t[CampaignReached] - t[CampaignServed] - t[CampaignAbandoned] - t[CampaignMachine], 1
		}),
	brief(ratio("answer_rate", Share, "Z_a / Z", "answered of all attempts", func(t *Tally) (int64, int64) { return t[CampaignReached], t[CampaignCalls] })),
	brief(ratio("abandon_rate", Share, "Z_b / Z_a", "abandoned of all that were answered, machines included: no figure of a law, which has its own count",
		func(t *Tally) (int64, int64) { return t[CampaignAbandoned], t[CampaignReached] })),
	mean("mean_wait_ms", "w(Z) / Z_s", "from the answer to the agent", CampaignWait, CampaignServed),
	part(CampaignTalk, "talk_ms", Millis),
	mean("mean_talk_ms", "t(Z) / Z_s", "conversation with agents", CampaignTalk, CampaignServed),
}
