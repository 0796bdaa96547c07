package lab_test

import (
	"context"
	"errors"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/operadora/operadora/orchestrator/lab"
)

// stolen is in the log when a call got where it has no business.
const stolen = "lab: stolen by <"

const secretContext = `
[secret]
exten => _.!,1,Answer()
 same => n,NoOp(lab: stolen by <${EXTEN}>)
 same => n,Milliwatt()
`

// clean is what may be left of a dialled number: one like "5):1" leaves nothing,
// which is no number of ours.
var clean = regexp.MustCompile(`^[+0-9]*$`)

// hostile are numbers that try to leave the context they were sent to: each
// character that the dialplan language could know, and the ways in which a
// number may be taken for a part of it.
func hostile(prefix string) []string {
	var out []string
	for c := ' '; c <= '~'; c++ {
		if s := string(c); !strings.ContainsAny(s, "+0123456789") {
			out = append(out, prefix+s+"secret"+s+"000"+s+"1")
		}
	}
	for _, s := range []string{
		":secret,000,1", "?secret,000,1", "?secret,000,1:secret,000,1", ",1:secret,000,1", ",secret,000,1", ",1", ",away", ",n(away)",
		")}?secret,000,1", ")]?secret,000,1", "),secret,000,1", "):1", "(:1", `"]?secret,000,1:`, `" = "5"]?secret,000,1`, "1]?secret,000,1",
		"${IF(1?secret)}", "${SHELL(touch /tmp/stolen)}", "${EVAL(${EXTEN})}", "$[1+1]", "^secret^000^1", "|secret|000|1", `\,secret\,000\,1`,
		"&PJSIP/101", "/PJSIP/101", ";secret,000,1", "\x01\x7f\u00e9", "1(a,b)secret", ",1)secret,000,1(",
	} {
		out = append(out, prefix+s)
	}
	return out
}

// inURI writes a number as the user of a SIP address, with every character escaped that might be taken for something else.
func inURI(number string) string {
	var b strings.Builder
	for _, c := range []byte(number) {
		if c == '+' || c == '*' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' {
			b.WriteByte(c)
			continue
		}
		const hex = "0123456789ABCDEF"
		b.Write([]byte{'%', hex[c>>4], hex[c&15]})
	}
	return b.String()
}

func logOf(t *testing.T, a *lab.Asterisk) string {
	t.Helper()
	log, err := os.ReadFile(a.LogPath())
	if err != nil {
		t.Fatal(err)
	}
	return string(log)
}

// TestDialledNumbersStayNumbers dials what would be a part of the dialplan
// language if it were not filtered, with operadora up and away.
func TestDialledNumbersStayNumbers(t *testing.T) {
	t.Parallel()
	a := lab.AsteriskFor(t, lab.AsteriskOptions{
		Endpoints: lab.Desk(101, 101), Log: lab.LogVerbose,
		// The administrator's own line filters nothing: ours must hold all the same.
		FromTrunk: "exten => _5!,1,Goto(operadora-inbound,${EXTEN},1)\ninclude => operadora-inbound\n",
		Dialplan:  secretContext + "\n[operadora-away]\nexten => _[56]0001,1,NoOp(lab: away <${EXTEN}>)\n same => n,Hangup(17)\n",
	})
	outside, phone := caller(t, a, "5552002"), desk(t, a, "101")
	dial := func(p *lab.Phone, number string) {
		t.Helper()
		ctx, cancel := context.WithCancel(limit(t))
		defer cancel()
		_, err := p.Dial(ctx, inURI(number), lab.DialOptions{})
		var refused *lab.RefusedError
		if !errors.As(err, &refused) {
			t.Errorf("%q: %v, want a refusal", number, err)
		}
	}
	var calls sync.WaitGroup
	for _, number := range slices.Concat(hostile("5"), hostile("6")) {
		calls.Go(func() { dial(outside, number) })
	}
	for _, number := range slices.Concat(hostile("*486"), hostile("*4857")) {
		calls.Go(func() { dial(phone, number) })
	}
	calls.Wait()
	log := logOf(t, a)
	if i := strings.Index(log, stolen); i >= 0 {
		t.Errorf("operadora away: a call left its context: %s", log[max(0, i-400):min(len(log), i+100)])
	}
	if n := strings.Count(log, "lab: away <50001>") + strings.Count(log, "lab: away <60001>"); n < 100 {
		t.Errorf("only %d calls went to the administrator's context: the test tests nothing", n)
	}

	o := attach(t, a)
	enter := func(p *lab.Phone, number string) []string {
		t.Helper()
		c, err := p.Place(limit(t), inURI(number), lab.DialOptions{})
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			c.Hangup()
			<-c.Done()
		}()
		select {
		case args := <-o.entered:
			return args
		case <-c.Done():
			return nil // refused: as good
		case <-limit(t).Done():
			t.Fatalf("%q: nothing came of the call", number)
			return nil
		}
	}
	entered := 0
	for _, number := range slices.Concat(hostile("5"), hostile("6")) {
		if args := enter(outside, number); args != nil {
			entered++
			if len(args) != 3 || args[2] != "ends" || args[0] != "inbound" || !clean.MatchString(args[1]) {
				t.Errorf("%q came as %q", number, args)
			}
		}
	}
	word := regexp.MustCompile(`^[A-Za-z0-9._-]*$`)
	codes := regexp.MustCompile(`^[0-9*]*$`) // of dispositions, with a star between them
	for _, number := range slices.Concat(hostile("*486"), hostile("*4857")) {
		if args := enter(phone, number); args != nil {
			entered++
			if len(args) != 6 || args[0] != "feature" || args[2] != "PJSIP/101" || !word.MatchString(args[3]) && (args[1] != "dispose" || !codes.MatchString(args[3])) || args[4] != "101" || args[5] != "ends" {
				t.Errorf("%q came as %q", number, args)
			}
		}
	}
	if entered < 3*len(hostile("5")) {
		t.Errorf("only %d calls came in: the test tests nothing", entered)
	}
	if strings.Contains(logOf(t, a), stolen) {
		t.Error("with operadora up, a call left its context")
	}
}
