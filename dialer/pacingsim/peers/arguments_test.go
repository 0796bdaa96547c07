package peers

import (
	"strings"
	"testing"

	"github.com/operadora/operadora/dialer/pacing"
	"github.com/operadora/operadora/dialer/pacingsim"
)

func TestArguments(t *testing.T) {
	t.Parallel()
	for spec, want := range map[string]string{
		"progressive":                          "",
		"power:ratio=3":                        "",
		"power:ratio=0.5":                      "ratio: 0.5 is not between 1 and 100",
		"power:speed=3":                        `"speed" is no setting; there is ratio=2 (1..100)`,
		"power:ratio=fast":                     `ratio: "fast" is not a number`,
		"power:ratio=NaN":                      "ratio: NaN is not between",
		"vicidial-ratio:level=3.4,availonly=1": "",
		"vicidial-tapered:latest=1700,max=4":   "",
		"vicidial-hard:latest=1700":            `"latest" is no setting`,
		"issabel:overcommit=1":                 "",
		"wombat:boost=1.3":                     "",
		"autopilot":                            `algorithm "autopilot" is none of progressive, power, vicidial-ratio`,
	} {
		_, err := pacingsim.Find(Algorithms(), spec)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", spec, err, want)
		}
	}
	for _, a := range Algorithms() {
		if a.About == "" || a.Name == "" {
			t.Errorf("%+v does not say what it is", a)
		}
	}
	for _, f := range Families() {
		for i := range max(1, len(f.Values)) {
			if _, err := pacingsim.Find(Algorithms(), f.At(i)); err != nil {
				t.Errorf("%s: %v", f.Name, err)
			}
			if i > 0 && f.Values[i] <= f.Values[i-1] {
				t.Errorf("%s: values do not rise: %v", f.Name, f.Values)
			}
		}
	}
}

func TestShares(t *testing.T) {
	t.Parallel()
	s := shares(setup(pacing.CampaignConfig{Share: 3}, pacing.CampaignConfig{Share: 1}))
	near(t, "first", s[0], 0.75)
	near(t, "second", s[1], 0.25)
	s = shares(setup(pacing.CampaignConfig{}, pacing.CampaignConfig{}))
	near(t, "none given", s[0], 0.5)
}
