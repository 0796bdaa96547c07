package evidence

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/operadora/operadora/dialer/campaign"
	"github.com/operadora/operadora/dialer/compliance"
	"github.com/operadora/operadora/dialer/leadstore"
	"github.com/operadora/operadora/dialer/pacing"
)

// book is what is on record.
type book []leadstore.Spoken

func (b book) Ledger(_ context.Context, since time.Time) (*pacing.Ledger, error) {
	l := pacing.NewLedger()
	for _, x := range b {
		if !x.Answered.Before(since.Truncate(pacing.LedgerPeriod)) {
			l.Add("march", x.Answered, 1, map[bool]int{true: 1}[x.Abandoned])
		}
	}
	return l, nil
}

func (b book) Spoken(_ context.Context, _ string, from, to time.Time, behind leadstore.Spoken, limit int) (out []leadstore.Spoken, err error) {
	for _, x := range b {
		if !x.Answered.Before(from) && x.Answered.Before(to) && (x.Answered.After(behind.Answered) || x.Answered.Equal(behind.Answered) && x.Call > behind.Call) && len(out) < limit {
			out = append(out, x)
		}
	}
	return out, nil
}

// Terms: nothing of definitions was kept.
func (b book) Terms(context.Context, string) ([]leadstore.Terms, error) { return nil, nil }

// revised is a book of calls that were begun by definitions of then.
type revised struct {
	book
	terms []leadstore.Terms
}

func (r revised) Terms(context.Context, string) ([]leadstore.Terms, error) { return r.terms, nil }

// calls are so many that people answered, from a moment on.
func calls(n int, from time.Time, every time.Duration) (out book) {
	rnd := rand.New(rand.NewPCG(1, 2))
	at := from
	for i := range n {
		at = at.Add(time.Duration(rnd.Int64N(2*every.Milliseconds())) * time.Millisecond)
		x := leadstore.Spoken{Attempt: leadstore.Attempt{Call: fmt.Sprintf("c%05d", i), Campaign: "march", Lead: int64(i), N: 1, Planned: at.Add(-10 * time.Second), Answered: at}, Ended: at.Add(time.Minute)}
		if x.Abandoned = rnd.IntN(25) == 0; !x.Abandoned {
			x.Connected = at.Add(time.Second)
		}
		out = append(out, x)
	}
	return out
}

func march(profile string, own float64) *campaign.Campaign {
	c := campaign.New()
	c.ID, c.Mode, c.Purpose, c.Profile, c.Rules = "march", campaign.ModePredictive, compliance.PurposeSales, profile, compliance.Shipped()[profile]
	c.Pacing.Abandon = own
	return c
}

func heard(_ context.Context, call string) (Heard, error) {
	return Heard{Sounds: []string{"sorry", `a "quoted", sound`}, State: "heard", At: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC), Path: []string{"agent", "sorry"}}, nil
}

func written(t *testing.T, o Order, b Source) (string, string) {
	t.Helper()
	o.Heard, o.Now = heard, o.To
	var out bytes.Buffer
	sum, err := Write(t.Context(), &out, o, b)
	if err != nil {
		t.Fatal(err)
	}
	return out.String(), sum
}

// TestEvidence: what is written is whole, says of each abandoned call how the limit stood by
// the rule of that day, and at the end what the campaign's budget says.
func TestEvidence(t *testing.T) {
	t.Parallel()
	for _, r := range []struct {
		profile string
		own     float64
		from    time.Time
		before  time.Duration
		rules   []string
		limit   float64
	}{
		{"CO", 2, time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC), 30 * time.Hour, []string{"abandon"}, 0.02},
		{"UK", 0, time.Date(2017, 2, 27, 8, 0, 0, 0, time.UTC), 30 * time.Hour, []string{"abandon-2010", "abandon"}, 0.01},
		{"US", 0, time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC), 10 * 24 * time.Hour, []string{"abandon"}, 0.03},
	} {
		for _, f := range []Format{JSON, CSV} {
			t.Run(r.profile+" "+string(f), func(t *testing.T) {
				t.Parallel()
				c, began := march(r.profile, r.own), r.from.Add(-35*24*time.Hour)
				b := calls(int((r.before+90*time.Hour)/(2*time.Minute)), r.from.Add(-r.before), 2*time.Minute)
				to := r.from.Add(72 * time.Hour)
				text, sum := written(t, Order{Campaign: c, Began: began, From: r.from, To: to, Format: f}, b)
				v, err := Verify(strings.NewReader(text))
				if err != nil || len(v.Faults) > 0 {
					t.Fatal(err, v.Faults)
				}
				in, lost := 0, 0
				for _, x := range b {
					if !x.Answered.Before(r.from) && x.Answered.Before(to) {
						in++
						lost += map[bool]int{true: 1}[x.Abandoned]
					}
				}
				if v.Sum != sum || v.Lines != int64(strings.Count(text, "\n")-map[Format]int{CSV: 1}[f]) || v.Answered != int64(in) || v.Abandoned != int64(lost) || lost == 0 {
					t.Errorf("%+v, want %d abandoned of %d, sum %s", v, lost, in, sum)
				}
				l, _ := b[:slices.IndexFunc(b, func(x leadstore.Spoken) bool { return !x.Answered.Before(to) })].Ledger(t.Context(), time.Time{})
				budget, ok := c.Budget(l, began, to)
				if len(v.Stands) != 1 || v.Paced == nil || v.Paced.Limit != r.limit {
					t.Fatalf("%+v", v)
				}
				if s := v.Stands[0]; !ok || s.Answered != int64(budget.Answered) || s.Abandoned != int64(budget.Abandoned) || !s.WindowFrom.Equal(budget.From) || s.Limit != r.limit || s.Figure != budget.Rate() || s.Left != budget.Left {
					t.Errorf("%+v, and the budget is %+v", s, budget)
				}
				for _, rule := range r.rules {
					if !strings.Contains(text, rule) {
						t.Errorf("rule %s is not in it", rule)
					}
				}
			})
		}
	}
}

// TestTampered: whatever is changed in a file, left out or moved is named.
func TestTampered(t *testing.T) {
	t.Parallel()
	from := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	for _, f := range []Format{JSON, CSV} {
		text, _ := written(t, Order{Campaign: march("CO", 0), Began: from, From: from, To: from.Add(24 * time.Hour), Format: f}, calls(120, from.Add(-time.Hour), 2*time.Minute))
		lines := strings.SplitAfter(strings.TrimSuffix(text, "\n"), "\n")
		heading := map[Format]int{CSV: 1}[f]
		expect := func(what, text, want string) {
			t.Helper()
			v, err := Verify(strings.NewReader(text))
			if err != nil || !slices.ContainsFunc(v.Faults, func(s string) bool { return strings.HasPrefix(s, want) }) {
				t.Errorf("%s, %s: %v %q, want %q", f, what, err, v.Faults, want)
			}
		}
		rnd := rand.New(rand.NewPCG(3, 4))
		for i := heading; i < len(lines); i++ {
			n := i - heading + 1
			rest := strings.Join(slices.Delete(slices.Clone(lines), i, i+1), "")
			if i < len(lines)-1 {
				expect("left out", rest, fmt.Sprintf("line %d: is missing", n))
				if i < len(lines)-2 {
					swapped := slices.Clone(lines)
					swapped[i], swapped[i+1] = swapped[i+1], swapped[i]
					expect("swapped", strings.Join(swapped, ""), fmt.Sprintf("line %d: is missing", n))
				}
			} else {
				expect("cut off", rest, fmt.Sprintf("it is cut off behind line %d", n-1))
			}
			changed := slices.Clone(lines)
			raw := []byte(changed[i])
			at := rnd.IntN(len(raw) - 2)
			if raw[at]++; raw[at] == '\n' || raw[at] > '~' {
				raw[at] = '#'
			}
			changed[i] = string(raw)
			expect("changed at "+fmt.Sprint(at), strings.Join(changed, ""), fmt.Sprintf("line %d ", n))
		}
		half := lines[len(lines)/2]
		expect("half a line", strings.Join(lines[:len(lines)/2], "")+half[:len(half)/2], fmt.Sprintf("line %d ", len(lines)/2+1-heading))
		expect("twice", text+strings.Join(lines[heading:], "")+"\n", fmt.Sprintf("line %d: stands behind the end", 1))
	}
	for _, bad := range []string{"", "\n\n", "hello\n", "{}\n", `{"n":1}`, strings.Repeat("x", mostLine+10), "n,kind\n1,head\n"} {
		if v, err := Verify(strings.NewReader(bad)); err == nil && len(v.Faults) == 0 {
			t.Errorf("%.20q passes", bad)
		}
	}
}

// linesOf are those of a file of JSON that a test chooses.
func linesOf(t *testing.T, text string, is func(Line) bool) (out []Line) {
	t.Helper()
	for line := range strings.Lines(text) {
		l, err := readObject([]byte(line))
		if err != nil {
			t.Fatal(err)
		}
		if is(l) {
			out = append(out, l)
		}
	}
	return out
}

// TestEachLimit: of a profile with two limits it is said of each how it stood with each
// abandoned call and at the end, and by what is paced: of each part the stricter.
func TestEachLimit(t *testing.T) {
	t.Parallel()
	from := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	c := march("US", 0)
	c.Rules.Rules = append(slices.Clone(c.Rules.Rules), compliance.Rule{ID: "house", Kind: compliance.KindAbandon, From: "2026-01-01",
		Detail: &compliance.Abandon{Percent: 5, Window: 6 * time.Hour, WindowKind: compliance.WindowRolling, Threshold: time.Second, Starts: compliance.StartAnswer}})
	text, _ := written(t, Order{Campaign: c, Began: from.Add(-40 * 24 * time.Hour), From: from, To: from.Add(24 * time.Hour), Format: JSON}, calls(700, from.Add(-time.Hour), 2*time.Minute))
	v, err := Verify(strings.NewReader(text))
	if err != nil || len(v.Faults) > 0 || v.Abandoned == 0 {
		t.Fatal(err, v.Faults)
	}
	for _, id := range []string{"abandon", "house"} {
		n := linesOf(t, text, func(l Line) bool { return l.Kind == KindStand && l.Call != "" && l.Rule == id })
		if int64(len(n)) != v.Abandoned {
			t.Errorf("rule %s: %d stands, and %d calls were abandoned", id, len(n), v.Abandoned)
		}
	}
	if s := v.Stands; len(s) != 2 || s[0].Limit != 0.03 || s[1].Limit != 0.05 || !s[1].WindowFrom.After(s[0].WindowFrom) {
		t.Errorf("%+v", s)
	}
	if p := v.Paced; p == nil || p.Limit != 0.03 || p.Window != 6*time.Hour || p.WindowKind != "rolling" || p.Threshold != time.Second || p.Starts != "answer" {
		t.Errorf("%+v", p)
	}
	var left bytes.Buffer // of a stand of the second
	out, done := &chain{w: &left, format: JSON}, false
	for _, l := range linesOf(t, text, func(Line) bool { return true }) {
		if l.Rule == "house" && l.Call != "" && !done {
			done = true
			continue
		}
		if err := out.add(l); err != nil {
			t.Fatal(err)
		}
	}
	if v, err := Verify(&left); err != nil || len(v.Faults) == 0 || !strings.Contains(v.Faults[0], `how rule "house" stood`) {
		t.Errorf("a stand left out: %v %q", err, v.Faults)
	}
}

// TestByTheDefinitionOfThen: each call goes by the limits of the definition by which it was begun,
// those before the first that is known by that; the end of a period that reaches to the export by today's.
func TestByTheDefinitionOfThen(t *testing.T) {
	t.Parallel()
	from := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	first, second, today := march("CO", 0), march("CO", 2), march("US", 1)
	terms := []leadstore.Terms{{N: 1, Since: from.Add(2 * time.Hour), Text: TermsOf(first)}, {N: 2, Since: from.Add(8 * time.Hour), Text: TermsOf(second)}}
	b := revised{calls(700, from.Add(-time.Hour), 2*time.Minute), terms}
	to := from.Add(20 * time.Hour)
	for what, r := range map[string]struct {
		today *campaign.Campaign
		limit float64 // at the end
		n     int     // of rules
	}{"another": {today, 0.01, 3}, "the same": {second, 0.02, 2}} {
		text, _ := written(t, Order{Campaign: r.today, Began: from.Add(-30 * time.Hour), From: from, To: to, Format: JSON}, b)
		v, err := Verify(strings.NewReader(text))
		if err != nil || len(v.Faults) > 0 {
			t.Fatal(err, v.Faults)
		}
		if len(v.Stands) != 1 || v.Stands[0].Limit != r.limit || v.Paced.Limit != r.limit {
			t.Errorf("%s: at the end %+v, want limit %v", what, v.Stands, r.limit)
		}
		if got := linesOf(t, text, func(l Line) bool { return l.Kind == KindRule }); len(got) != r.n {
			t.Errorf("%s: %d rules, want %d", what, len(got), r.n)
		}
		stands := linesOf(t, text, func(l Line) bool { return l.Kind == KindStand && l.Call != "" })
		seen := map[float64]int{}
		for _, l := range stands {
			want := 0.03
			if !l.At.Add(-10 * time.Second).Before(terms[1].Since) {
				want = 0.02
			}
			if seen[l.Limit]++; l.Limit != want || l.Rule != "abandon" {
				t.Errorf("%s, %s: rule %s of revision %d with limit %v, want %v", what, l.At, l.Rule, l.Revision, l.Limit, want)
			}
		}
		if len(seen) != 2 {
			t.Errorf("%s: %v", what, seen)
		}
	}
}

// TestWaitedFromWhatTheRuleSays: the time without an agent is counted from the answer, or from
// the end of the greeting where the rule says so and it was heard.
func TestWaitedFromWhatTheRuleSays(t *testing.T) {
	t.Parallel()
	from := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	at := func(ms int) time.Time { return from.Add(time.Duration(ms) * time.Millisecond) }
	for _, r := range []struct {
		profile        string
		mode           campaign.Mode
		greeted, agent int // ms after the answer; 0 for not
		want           time.Duration
	}{
		{"CO", campaign.ModePredictive, 1500, 2500, 2500 * time.Millisecond}, {"US", campaign.ModePredictive, 1500, 2500, time.Second},
		{"US", campaign.ModePredictive, 0, 2500, 2500 * time.Millisecond}, {"US", campaign.ModePredictive, 1500, 1200, 0},
		{"US", campaign.ModePredictive, 1500, 0, 8500 * time.Millisecond}, {"CO", campaign.ModeAgentless, 1500, 2500, 0},
	} {
		c := march(r.profile, 0)
		c.Mode = r.mode
		x := leadstore.Spoken{Attempt: leadstore.Attempt{Call: "c", N: 1, Planned: at(-9000), Answered: from}, Ended: at(10_000), Abandoned: r.agent == 0}
		if r.greeted > 0 {
			x.Greeted = at(r.greeted)
		}
		if r.agent > 0 {
			x.Connected = at(r.agent)
		}
		text, _ := written(t, Order{Campaign: c, Began: from, From: from, To: from.Add(time.Hour), Format: JSON}, book{x})
		v, err := Verify(strings.NewReader(text))
		got := linesOf(t, text, func(l Line) bool { return l.Kind == KindAnswered || l.Kind == KindAbandoned })
		if err != nil || len(v.Faults) > 0 || len(got) != 1 || got[0].Waited != r.want || !got[0].GreetedAt.Equal(x.Greeted) {
			t.Errorf("%+v: %+v, %v %q", r, got, err, v.Faults)
		}
	}
}

// TestForged: who makes a whole chain anew about calls that are not counted right is found out
// by the figures; who makes them right as well gets another sum.
func TestForged(t *testing.T) {
	t.Parallel()
	from := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	o := Order{Campaign: march("CO", 0), Began: from, From: from, To: from.Add(24 * time.Hour), Format: JSON}
	text, sum := written(t, o, calls(300, from, 2*time.Minute))
	forge := func(change func(l *Line) bool) string {
		var out bytes.Buffer
		c := &chain{w: &out, format: JSON}
		for line := range strings.Lines(text) {
			l, err := readObject([]byte(line))
			if err != nil {
				t.Fatal(err)
			}
			if change(&l) {
				if err := c.add(l); err != nil {
					t.Fatal(err)
				}
			}
		}
		return out.String()
	}
	if forge(func(*Line) bool { return true }) != text {
		t.Error("the same lines make another file")
	}
	done := false
	once := func(l *Line) bool { was := done; done = done || l.Kind == KindAbandoned; return !was && done }
	for what, change := range map[string]func(l *Line) bool{
		"an abandoned call left out": func(l *Line) bool { return !once(l) },
		"an abandoned call as answered": func(l *Line) bool {
			if once(l) {
				*l = Line{Kind: KindAnswered, Call: l.Call, Lead: l.Lead, Attempt: 1, AnsweredAt: l.AnsweredAt, ConnectedAt: l.AnsweredAt, EndedAt: l.EndedAt}
			}
			return true
		},
		"another limit":  func(l *Line) bool { l.Limit *= 2; return true },
		"another rule":   func(l *Line) bool { l.Percent *= 2; return true },
		"a shorter time": func(l *Line) bool { l.Window /= 4; return true },
		"an agent sooner": func(l *Line) bool {
			if l.Kind == KindAnswered {
				l.Waited /= 2
			}
			return true
		},
		"paced by more": func(l *Line) bool {
			if l.Kind == KindPaced {
				l.Percent *= 2
			}
			return true
		},
		"another total": func(l *Line) bool {
			if l.Kind == KindTotal {
				l.Abandoned--
			}
			return true
		},
		"a rule of later": func(l *Line) bool {
			if l.Kind == KindRule {
				l.InForceFrom = "2027-01-01"
			}
			return true
		},
	} {
		done = false
		v, err := Verify(strings.NewReader(forge(change)))
		if err != nil || len(v.Faults) == 0 || v.Sum == sum {
			t.Errorf("%s: %v %v", what, err, v.Faults)
		}
	}
}

func FuzzVerify(f *testing.F) {
	from := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	for _, format := range []Format{JSON, CSV} {
		var out bytes.Buffer
		if _, err := Write(f.Context(), &out, Order{Campaign: march("CO", 0), Began: from, From: from, To: from.Add(time.Hour), Format: format, Heard: heard}, calls(20, from, time.Minute)); err != nil {
			f.Fatal(err)
		}
		f.Add(out.String())
	}
	f.Fuzz(func(t *testing.T, text string) { _, _ = Verify(strings.NewReader(text)) })
}
