package laws

import (
	"math"
	"testing"

	"go.yaml.in/yaml/v3"
)

func TestSpecFromYAML(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		yaml     string
		mean, cv float64
	}{
		{"{kind: exponential, mean: 140}", 140, 1},
		{"{kind: gamma, mean: 8.5, shape: 4}", 8.5, 0.5},
		{"{kind: gamma, mean: 8.5, cv: 0.5, shift: 1.5}", 10, 0.425},
		{"{kind: lognormal, mean: 20, cv: 0.6}", 20, 0.6},
		{"{kind: uniform, low: 1, high: 4}", 2.5, math.Sqrt(0.75) / 2.5},
		{"{kind: deterministic, mean: 25}", 25, 0},
		{"{kind: deterministic}", 0, 0},
		{"{kind: mixture, mean: 120, parts: [{kind: lognormal, weight: 0.25, mean: 12, cv: 0.5}, {kind: lognormal, weight: 0.75, cv: 0.9}]}", 120,
			math.Sqrt(0.25*(144*1.25)+0.75*(156*156*1.81)-120*120) / 120},
		{"{kind: mixture, parts: [{kind: gamma, weight: 8, mean: 7, cv: 0.5}, {kind: uniform, weight: 2, low: 15, high: 40}]}", 11.1,
			math.Sqrt(0.8*49*1.25+0.2*(27.5*27.5+625.0/12)-11.1*11.1) / 11.1},
		// Half of 100 is owed to the second part, whose shift brings 10 of it.
		{"{kind: mixture, mean: 60, parts: [{kind: deterministic, weight: 1, mean: 20}, {kind: exponential, weight: 1, shift: 10}]}", 60, math.Sqrt(0.5*400+0.5*(10000+8100)-3600) / 60},
	} {
		var s Spec
		if err := yaml.Unmarshal([]byte(tc.yaml), &s); err != nil {
			t.Fatalf("%s: %v", tc.yaml, err)
		}
		law, err := s.Law()
		if err != nil {
			t.Errorf("%s: %v", tc.yaml, err)
			continue
		}
		near(t, tc.yaml+" mean", law.Mean(), tc.mean, 1e-9)
		near(t, tc.yaml+" cv", CV(law), tc.cv, 1e-9)
	}
}

func TestSpecRefuses(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		spec Spec
		want string
	}{
		{Spec{Kind: "weibull"}, `kind: "weibull" is none of deterministic, uniform, exponential, gamma, lognormal, mixture`},
		{Spec{}, `kind: "" is none of deterministic, uniform, exponential, gamma, lognormal, mixture`},
		{Spec{Kind: KindExponential}, "mean: 0 is not positive"},
		{Spec{Kind: KindExponential, Mean: math.NaN()}, "mean: NaN is not a finite number"},
		{Spec{Kind: KindExponential, Mean: 3, CV: 2}, "cv: 2 has no meaning for kind exponential"},
		{Spec{Kind: KindLogNormal, Mean: 3}, "cv: 0 is not positive"},
		{Spec{Kind: KindGamma, Mean: 3, CV: -0.5}, "cv: -0.5 is not positive"},
		{Spec{Kind: KindGamma, Mean: 3, CV: 1, Shape: 2}, "cv: 1 has no meaning for kind gamma"},
		{Spec{Kind: KindUniform, Low: 4, High: 4}, "high: 4 is not above low, 4"},
		{Spec{Kind: KindDeterministic, Mean: 1, Shift: -2}, "shift: -2 is negative"},
		{Spec{Kind: KindDeterministic, Mean: 1, Weight: 2}, "weight: 2 outside of a mixture's parts"},
		{Spec{Kind: KindDeterministic, Parts: make([]Spec, 2)}, "parts: 2 given, kind deterministic has none"},
		{Spec{Kind: KindMixture, Parts: make([]Spec, 1)}, "parts: 1 given, a mixture has at least 2"},
		{mix(0, Spec{Kind: KindExponential, Mean: 1}, Spec{Kind: KindExponential, Weight: 1, Mean: 1}), "parts[0].weight: 0 is not positive"},
		{mix(0, Spec{Kind: KindExponential, Mean: 1, Weight: 1}, Spec{Kind: KindLogNormal, Weight: 1, Mean: 1, CV: -0.5}), "parts[1].cv: -0.5 is not positive"},
		{mix(9, Spec{Kind: KindExponential, Mean: 1, Weight: 1}, Spec{Kind: KindExponential, Weight: 1, Mean: 1}), "mean: given, and every part has its own"},
		{mix(9, Spec{Kind: KindExponential, Weight: 1}, Spec{Kind: KindExponential, Weight: 1}), "parts[1].mean: left out as in parts[0]; the overall mean settles one"},
		{mix(9, Spec{Kind: KindExponential, Mean: 20, Weight: 1}, Spec{Kind: KindExponential, Weight: 1}), "mean: leaves -2 for parts[1].mean, which is not positive"},
	} {
		err := tc.spec.Validate()
		if err == nil || err.Error() != tc.want {
			t.Errorf("%+v:\ngot  %v\nwant %s", tc.spec, err, tc.want)
		}
	}
}

func mix(mean float64, parts ...Spec) Spec {
	return Spec{Kind: KindMixture, Mean: mean, Parts: parts}
}
