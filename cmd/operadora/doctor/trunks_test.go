package doctor

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/operadora/operadora/ivr"
)

// TestNumbersThatTheTrunkKeeps reads what Asterisk 22 shows of its dialplan.
func TestNumbersThatTheTrunkKeeps(t *testing.T) {
	t.Parallel()
	const head, foot = "[ Context 'from-trunk' created by 'pbx_config' ]\n", "\n-= 1 extension (1 priority) in 1 context. =-\n"
	for name, row := range map[string]struct{ shown, want string }{
		"operadora's":  {head + "  '5000' =>         1. Goto(operadora-inbound,${EXTEN},1)         [extensions.conf:12]\n" + foot, ""},
		"a queue's":    {head + "  '5000' =>         1. Answer()                                   [extensions.conf:12]\n                    2. Queue(sales,t)                             [extensions.conf:13]\n" + foot, "Queue(sales,t)"},
		"with a label": {head + "  '5000' =>         1. NoOp(x)                                    [extensions.conf:12]\n     [here]         2. Dial(PJSIP/101)                            [extensions.conf:13]\n" + foot, "Dial(PJSIP/101)"},
		"its own before the pattern": {head + "  '5000' =>         1. Queue(old)                                 [extensions.conf:12]\n" +
			"  '_5XXX' =>        1. Goto(operadora-inbound,${EXTEN},1)         [extensions.conf:13]\n" + foot, "Queue(old)"},
		"its own after the pattern": {head + "  '_5XXX' =>        1. Goto(operadora-inbound,${EXTEN},1)         [extensions.conf:13]\n" +
			"[ Included context 'old' created by 'pbx_config' ]\n  '5000' =>         1. Queue(old)                                 [extensions.conf:12]\n" + foot, ""},
		"elsewhere": {head + "  '5000' =>         1. Goto(ext-did,5000,1)                       [extensions.conf:12]\n" + foot, ""},
		"itself":    {head + "  '5000' =>         1. Stasis(operadora,inbound,${EXTEN})         [extensions.conf:12]\n" + foot, ""},
		"nothing":   {"There is no existence of from-trunk@5000 extension\n", ""},
	} {
		if got := ownStep(row.shown); got != row.want {
			t.Errorf("%s: %q, want %q", name, got, row.want)
		}
	}
	if got := trunksOf(map[string]string{"PJSIP/101": "", "PJSIP/trunk": "", "IAX2/x": ""}, []string{"PJSIP/101"}); cmp.Diff([]string{"PJSIP/trunk"}, got) != "" {
		t.Errorf("trunks %q", got)
	}
	if got := numbersOf(ivr.Definitions{DIDs: ivr.DIDs{{Pattern: "5000"}, {Pattern: "+34910*"}, {Pattern: "*"}, {Pattern: "desk"}}}); cmp.Diff([]string{"5000"}, got) != "" {
		t.Errorf("numbers %q", got)
	}
	s := &sheet{part: "pbx main"}
	judgeNumbers(s, pbxFacts{kept: []keptNumber{{"PJSIP/trunk", "from-trunk", "5000", "Queue(sales)"}}})
	if len(s.lines) != 1 || s.lines[0].Verdict != Warning || s.lines[0].Text != "5000, over PJSIP/trunk, goes to Queue(sales) in context from-trunk and not to operadora" {
		t.Errorf("it says %+v", s.lines)
	}
}
