package laws

import (
	"fmt"
	"math"
	"strings"
)

// Kind names a family of laws in a world file.
type Kind string

// The kinds a Spec may name. The strings are written in world files.
const (
	KindDeterministic Kind = "deterministic" // mean
	KindUniform       Kind = "uniform"       // low, high
	KindExponential   Kind = "exponential"   // mean
	KindGamma         Kind = "gamma"         // mean and either cv or shape
	KindLogNormal     Kind = "lognormal"     // mean, cv
	KindMixture       Kind = "mixture"       // parts, each with its weight; optionally the overall mean
)

var kinds = []Kind{KindDeterministic, KindUniform, KindExponential, KindGamma, KindLogNormal, KindMixture}

// Spec is a law as it is written in a world file:
//
//	talk:
//	  kind: mixture
//	  mean: 120                                    # overall; the part without a mean is solved from it
//	  parts:
//	    - {kind: lognormal, weight: 0.25, mean: 12, cv: 0.5}
//	    - {kind: lognormal, weight: 0.75, cv: 0.9}
//
// A field that the kind does not use must be left out; Shift goes with any kind
// and moves the whole law to the right, so the law's mean is then shift + mean.
type Spec struct {
	// Kind is one of the Kind constants.
	Kind Kind `yaml:"kind" json:"kind"`
	// Mean is the expectation before the shift, in the unit of the law.
	Mean float64 `yaml:"mean,omitempty" json:"mean,omitempty"`
	// CV is the standard deviation over the mean, before the shift.
	CV float64 `yaml:"cv,omitempty" json:"cv,omitempty"`
	// Shape is the gamma law's shape, an alternative to CV (cv = 1/sqrt(shape)).
	Shape float64 `yaml:"shape,omitempty" json:"shape,omitempty"`
	// Low and High bound a uniform law.
	Low  float64 `yaml:"low,omitempty" json:"low,omitempty"`
	High float64 `yaml:"high,omitempty" json:"high,omitempty"`
	// Shift is added to every value.
	Shift float64 `yaml:"shift,omitempty" json:"shift,omitempty"`
	// Weight is the share of this law inside a mixture; the weights of a mixture
	// are scaled to sum to one.
	Weight float64 `yaml:"weight,omitempty" json:"weight,omitempty"`
	// Parts are the laws of a mixture.
	Parts []Spec `yaml:"parts,omitempty" json:"parts,omitempty"`
}

// Validate names the first field that is wrong and its value, with the path from
// this spec on, such as "parts[1].cv: -0.5 is not positive".
func (s Spec) Validate() error {
	_, err := s.Law()
	return err
}

// Law builds the law, or returns the error that Validate documents.
func (s Spec) Law() (Law, error) {
	if s.Weight != 0 {
		return nil, fmt.Errorf("weight: %v outside of a mixture's parts", s.Weight)
	}
	return s.build("")
}

func (s Spec) build(path string) (Law, error) {
	if err := s.checkFields(path); err != nil {
		return nil, err
	}
	law, err := s.bare(path)
	if err != nil {
		return nil, err
	}
	if s.Shift != 0 {
		return NewShifted(law, s.Shift), nil
	}
	return law, nil
}

// bare is the law before its shift.
func (s Spec) bare(path string) (Law, error) {
	switch s.Kind {
	case KindDeterministic:
		return NewDeterministic(s.Mean), nil
	case KindUniform:
		if s.High <= s.Low {
			return nil, fmt.Errorf("%shigh: %v is not above low, %v", path, s.High, s.Low)
		}
		return NewUniform(s.Low, s.High), nil
	case KindExponential:
		return NewExponential(s.Mean), nil
	case KindGamma:
		shape := s.Shape
		if s.CV != 0 {
			shape = 1 / (s.CV * s.CV)
		}
		return NewGamma(shape, s.Mean), nil
	case KindLogNormal:
		return NewLogNormal(s.Mean, s.CV), nil
	case KindMixture:
		return s.mixture(path)
	}
	return nil, fmt.Errorf("%skind: %q is none of %s", path, s.Kind, kindList())
}

func kindList() string {
	names := make([]string, len(kinds))
	for i, k := range kinds {
		names[i] = string(k)
	}
	return strings.Join(names, ", ")
}

// field is one number of a Spec with what its kind makes of it.
type field struct {
	name  string
	value float64
	need  need
}

type need int

const (
	absent      need = iota // must be left out
	nonNegative             // zero and left out are the same
	positive                // must be there
)

// checkFields refuses numbers that are missing, out of range or of no use to the kind.
func (s Spec) checkFields(path string) error {
	f := []field{
		{"mean", s.Mean, absent}, {"cv", s.CV, absent}, {"shape", s.Shape, absent},
		{"low", s.Low, absent}, {"high", s.High, absent},
		{"shift", s.Shift, nonNegative}, {"weight", s.Weight, nonNegative},
	}
	mean, cv, shape, low, high := &f[0].need, &f[1].need, &f[2].need, &f[3].need, &f[4].need
	switch s.Kind {
	case KindDeterministic:
		*mean = nonNegative
	case KindUniform:
		*low, *high = nonNegative, positive
	case KindExponential:
		*mean = positive
	case KindGamma:
		*mean = positive
		if s.Shape != 0 {
			*shape = positive
		} else {
			*cv = positive
		}
	case KindLogNormal:
		*mean, *cv = positive, positive
	case KindMixture:
		*mean = nonNegative
	default:
		return fmt.Errorf("%skind: %q is none of %s", path, s.Kind, kindList())
	}
	for _, x := range f {
		if err := x.check(path, s.Kind); err != nil {
			return err
		}
	}
	if s.Kind != KindMixture && len(s.Parts) > 0 {
		return fmt.Errorf("%sparts: %d given, kind %s has none", path, len(s.Parts), s.Kind)
	}
	return nil
}

func (x field) check(path string, kind Kind) error {
	switch {
	case math.IsNaN(x.value) || math.IsInf(x.value, 0):
		return fmt.Errorf("%s%s: %v is not a finite number", path, x.name, x.value)
	case x.need == absent && x.value != 0:
		return fmt.Errorf("%s%s: %v has no meaning for kind %s", path, x.name, x.value, kind)
	case x.need == nonNegative && x.value < 0:
		return fmt.Errorf("%s%s: %v is negative", path, x.name, x.value)
	case x.need == positive && x.value <= 0:
		return fmt.Errorf("%s%s: %v is not positive", path, x.name, x.value)
	}
	return nil
}
