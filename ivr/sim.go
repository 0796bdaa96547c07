package ivr

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/operadora/operadora/orchestrator"
)

// Sim plays a call in text on the very interpreter that serves real ones, with
// a clock of its own. It knows no PBX and no queue: the script says what they
// would answer.
//
// A script is a transcript. Lines that begin with < are what happens, lines
// that begin with > what the caller hears and what the flow asks for, lines
// that begin with @ how the call arrives; # begins a comment. Run returns the
// whole transcript; where the script holds > lines of its own they must be
// what really comes out.
//
//	@ did 5000                 the number dialled
//	@ flow ventas              the flow itself, whatever number leads to it
//	@ caller 600123456
//	@ at 2026-12-25T10:00:00Z  when
//	@ feature login PJSIP/101  instead of did: operation, phone, digits
//	@ language es              of the channel, for feature codes
//	@ lead amount 120000       a field of the lead of a campaign's call
//	< dtmf 123#                keys, after the prompt was heard
//	< barge 1                  keys during the prompt
//	< silence                  the caller says nothing until the flow's patience ends
//	< wait 90s                 time passes
//	< queue served             what the queue answers
//	< recorded 12s             a message was left; "< recorded failed" when not
//	< transfer busy            what came of a transfer
//	< lookup found amount=120  what a source answers, with its results
//	< agent ok es              the answer to an agent's operation, and the agent's language
//	< resume                   the process was replaced
//	< hangup                   the caller is gone
//
// SimEvents lists them with all results there are. One that the flow does not
// wait for where it stands is an error, which says what can happen there.
type Sim struct {
	lib   *Library
	now   time.Time
	begin orchestrator.Arrival
	flow  string // begins here whatever was dialled; "" goes by the number

	state  json.RawMessage
	secret json.RawMessage
	play   int // playback that is being heard, 0 for none
	timer  int // timer that runs, 0 for none
	due    time.Time
	over   bool
	answer bool // the channel's answer is due
	want   []scriptLine
	out    []string
}

// scriptLine is a line that the script expects to come out.
type scriptLine struct {
	text string
	line int
}

// simSteps bounds what one line of a script may set off.
const simSteps = 500

// NewSim makes a simulator for definitions that pass lint; parse is flowfile.Parse.
// Calls begin at the given moment unless the script says otherwise.
func NewSim(ctx context.Context, defs Definitions, parse Parser, at time.Time) (*Sim, error) {
	lib := NewLibrary(parse, nil)
	if err := lib.Publish(ctx, defs); err != nil {
		return nil, err
	}
	return &Sim{lib: lib, now: at, begin: orchestrator.Arrival{Call: "sim", PBX: "sim",
		Kind: orchestrator.KindInbound}}, nil
}

// Run plays one script and returns the transcript. The error names the line
// that cannot be read, or the first > line that came out differently; the
// transcript is what really happened even so.
func (s *Sim) Run(script io.Reader) (string, error) {
	lines := bufio.NewScanner(script)
	started := false
	for n := 1; lines.Scan(); n++ {
		text := strings.TrimSpace(lines.Text())
		var err error
		switch {
		case text == "" || strings.HasPrefix(text, "#"):
			s.out = append(s.out, text)
		case strings.HasPrefix(text, ">"):
			s.want = append(s.want, scriptLine{text: text, line: n})
		case strings.HasPrefix(text, "@") && !started:
			s.out = append(s.out, text)
			err = s.header(strings.Fields(text[1:]))
		case strings.HasPrefix(text, "<"):
			if !started {
				started, err = true, s.start()
			}
			if err == nil {
				err = s.happen(text)
			}
		default:
			err = fmt.Errorf("lines begin with <, > or #, or with @ before the call")
		}
		if err != nil {
			return s.transcript(), fmt.Errorf("line %d: %w", n, err)
		}
	}
	if err := lines.Err(); err != nil {
		return s.transcript(), err
	}
	if !started {
		if err := s.start(); err != nil {
			return s.transcript(), err
		}
	}
	if err := s.settle(); err != nil {
		return s.transcript(), err
	}
	return s.transcript(), s.compare()
}

// compare checks the > lines of the script against what came out. A script without any expects nothing.
func (s *Sim) compare() error {
	if len(s.want) == 0 {
		return nil
	}
	n := 0
	for _, line := range s.out {
		if !strings.HasPrefix(line, ">") {
			continue
		}
		if n == len(s.want) {
			return fmt.Errorf("after line %d: %q came as well", s.want[n-1].line, line)
		}
		if s.want[n].text != line {
			return fmt.Errorf("line %d: expected %q, got %q", s.want[n].line, s.want[n].text, line)
		}
		n++
	}
	if n < len(s.want) {
		return fmt.Errorf("line %d: expected %q, and nothing more came", s.want[n].line, s.want[n].text)
	}
	return nil
}

func (s *Sim) transcript() string { return strings.Join(s.out, "\n") + "\n" }

func (s *Sim) header(words []string) error {
	if len(words) < 2 {
		return fmt.Errorf("@ needs a word and its value, such as @ did 5000")
	}
	switch words[0] {
	case "did":
		s.begin.DID = words[1]
	case "flow":
		s.flow = words[1]
	case "caller":
		s.begin.Caller.Number = words[1]
	case "language":
		s.begin.Language = words[1]
	case "feature":
		s.begin.Kind, s.begin.Args = orchestrator.KindFeature, words[1:]
	case "at":
		t, err := time.Parse(time.RFC3339, words[1])
		if err != nil {
			return fmt.Errorf("%q is no moment; write 2026-12-25T10:00:00Z", words[1])
		}
		s.now = t
	case "lead":
		if len(words) < 3 {
			return fmt.Errorf("@ lead needs a field and its value, such as @ lead amount 120000")
		}
		if s.begin.Lead == nil {
			s.begin.Lead = map[string]string{}
		}
		s.begin.Lead[words[1]] = strings.Join(words[2:], " ")
	default:
		return fmt.Errorf("@ knows did, flow, caller, language, feature, lead and at, not %q", words[0])
	}
	return nil
}

func (s *Sim) start() error {
	c := s.lib.now.Load()
	id, lang := s.flow, s.begin.Language
	if id == "" {
		d, err := c.choose(s.begin)
		if err != nil {
			return err
		}
		id, lang = d.Flow, d.Language
	}
	if c.revs[id] == nil {
		return fmt.Errorf("there is no flow %q", id)
	}
	s.lib.hold(c.revs[id])
	return s.after(begun(c.revs[id], c.set.Calendars, s.begin, lang, s.now))
}

// feed gives the flow one input.
func (s *Sim) feed(in orchestrator.FlowInput) error {
	st, err := decodeState(s.state)
	if err != nil {
		return err
	}
	st.reveal(s.secret)
	r := &run{cals: s.lib.now.Load().set.Calendars, now: s.now, st: &st, rev: s.lib.revision(st.Rev, s.now)}
	if !r.locate() {
		return fmt.Errorf("the flow lost node %q", st.Node)
	}
	r.take(in)
	return s.after(r)
}

// after stores what an input led to and writes it down.
func (s *Sim) after(r *run) error {
	if r.used {
		step, err := r.finish()
		if err != nil {
			return err
		}
		s.state, s.secret = step.State, step.Secret
		s.show(step, r.said)
	}
	for n := 0; s.answer && !s.over; n++ {
		if n > simSteps {
			return fmt.Errorf("the flow does not come to rest")
		}
		s.answer = false
		if err := s.feed(orchestrator.FlowInput{Kind: orchestrator.FlowAnswered}); err != nil {
			return err
		}
	}
	return nil
}

// settle lets prompts be heard to their end.
func (s *Sim) settle() error {
	for n := 0; s.play != 0 && !s.over; n++ {
		if n > simSteps {
			return fmt.Errorf("the flow does not come to rest")
		}
		ref := s.play
		s.play = 0
		if err := s.feed(orchestrator.FlowInput{Kind: orchestrator.FlowPlayed, Ref: ref}); err != nil {
			return err
		}
	}
	return nil
}
