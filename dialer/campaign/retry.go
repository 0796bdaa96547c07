package campaign

import "time"

// Result is how an attempt ended.
type Result string

// The results. The strings are stored.
const (
	ResultServed      Result = "served"      // an agent, or the flow to its end, spoke with a person
	ResultLeft        Result = "left"        // a person hung up on the flow before its end
	ResultAbandoned   Result = "abandoned"   // a person answered, and nobody was there in time
	ResultMachine     Result = "machine"     // an answering machine
	ResultNoAnswer    Result = "no_answer"   // it rang
	ResultBusy        Result = "busy"        // the line is busy
	ResultUnreachable Result = "unreachable" // the network did not reach it: congestion, a carrier that refuses
	ResultInvalid     Result = "invalid"     // there is no such number
	ResultRefused     Result = "refused"     // the called side rejected the call
	ResultSkipped     Result = "skipped"     // the agent who previewed the lead did not want them called, or did not say
	ResultWithdrawn   Result = "withdrawn"   // nobody was called: the agent who was to make the call was not there, or the gate refused it
	ResultFailed      Result = "failed"      // we failed: the PBX went away, the process died
)

// Results are all of them.
var Results = []Result{ResultServed, ResultLeft, ResultAbandoned, ResultMachine, ResultNoAnswer, ResultBusy, ResultUnreachable, ResultInvalid, ResultRefused, ResultSkipped, ResultWithdrawn, ResultFailed}

// dispositionOf begins an outcome that is what an agent said.
const dispositionOf = "disposition:"

// Retry is what follows an outcome.
type Retry struct {
	Do    Step          `yaml:"do,need,short" oneof:"again next_number drop_number finish" doc:"again (the same number), next_number, drop_number (never this number again; the next) or finish (never the lead again)."`
	After time.Duration `yaml:"after" min:"0s" max:"8784h" default:"0s" doc:"How long is waited first; 0 is not at all."`
	Most  int           `yaml:"most" min:"0" max:"1000" default:"0" doc:"How often this outcome may come before the lead is finished; 0 is as often as the attempts of the campaign allow."`
}

// Step is what is done after an outcome.
type Step string

// The steps.
const (
	StepAgain      Step = "again"
	StepNextNumber Step = "next_number"
	StepDropNumber Step = "drop_number"
	StepFinish     Step = "finish"
)

// defaults are the retry rules of results that a campaign says nothing of. All of them
// share the cap of the lead.
var defaults = map[Result]Retry{
	ResultServed:      {Do: StepFinish},
	ResultLeft:        {Do: StepFinish},
	ResultAbandoned:   {Do: StepAgain, After: 24 * time.Hour},
	ResultMachine:     {Do: StepNextNumber, After: 4 * time.Hour},
	ResultNoAnswer:    {Do: StepNextNumber, After: 2 * time.Hour},
	ResultBusy:        {Do: StepAgain, After: 15 * time.Minute},
	ResultUnreachable: {Do: StepNextNumber, After: 30 * time.Minute},
	ResultInvalid:     {Do: StepDropNumber},
	ResultRefused:     {Do: StepNextNumber, After: 24 * time.Hour},
	ResultSkipped:     {Do: StepAgain, After: 24 * time.Hour, Most: 3},
	ResultWithdrawn:   {Do: StepAgain},
	ResultFailed:      {Do: StepAgain, After: 5 * time.Minute},
}

// Attempt is a number that was dialled for a lead by this campaign.
type Attempt struct {
	At          time.Time // when it ended, and before that when it began
	Number      string
	Result      Result
	Disposition string // what the agent said of a call that was served, or of a lead whom they skipped; "" for nothing
}

// Rang tells whether the lead's phone was rung, as far as is known: what was not counts in no cap.
func (r Result) Rang() bool { return r != ResultSkipped && r != ResultWithdrawn }

// Rung is how many of some attempts rang a number of the lead's, or, with "", any.
func Rung(attempts []Attempt, number string) (n int) {
	for _, a := range attempts {
		if a.Result.Rang() && (number == "" || a.Number == number) {
			n++
		}
	}
	return n
}

// outcome is what the attempt's retry rule is called.
func (a Attempt) outcome() string {
	if a.Disposition != "" {
		return dispositionOf + a.Disposition
	}
	return string(a.Result)
}

// rule is what follows an attempt. A disposition without a rule is the rule of its
// result, who left without a rule was served, and a result that nobody knows finishes the lead: nobody
// is called because of something that is not understood.
func (c *Campaign) rule(a Attempt) (Retry, string) {
	names := []string{a.outcome(), string(a.Result)}
	if a.Result == ResultLeft {
		names = append(names, string(ResultServed))
	}
	for _, name := range names {
		if r, ok := c.Retry.Get(name); ok {
			return r, name
		}
	}
	if r, ok := defaults[a.Result]; ok {
		return r, string(a.Result)
	}
	return Retry{Do: StepFinish}, string(a.Result)
}

// after is where a lead stands after what was tried: which numbers are dropped, which
// one is next, from when on, and whether it is finished.
type after struct {
	dropped  map[string]bool
	number   string    // that is preferred; "" for the first
	next     bool      // the one behind number is meant
	ready    time.Time // not before
	failed   time.Time // when the last attempt did, of us; zero when it did not
	finished string    // the outcome that finished it; "" for none
}

// follow reads what was tried, the oldest first.
func (c *Campaign) follow(attempts []Attempt) after {
	out := after{dropped: map[string]bool{}}
	seen := map[string]int{}
	for _, a := range attempts {
		r, name := c.rule(a)
		seen[name]++
		out.number, out.next, out.ready, out.failed = a.Number, r.Do != StepAgain, a.At.Add(r.After), time.Time{}
		if a.Result == ResultFailed {
			out.failed = a.At
		}
		if r.Do == StepDropNumber {
			out.dropped[a.Number] = true
		}
		if r.Do == StepFinish || r.Most > 0 && seen[name] >= r.Most {
			out.finished = name
		}
	}
	return out
}
