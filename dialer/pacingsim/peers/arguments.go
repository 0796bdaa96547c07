package peers

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/operadora/operadora/dialer/pacingsim"
)

// setting is one number that an algorithm may be given.
type setting struct {
	name      string
	standard  float64
	low, high float64
}

// settings are all of one algorithm, in the order of their description.
type settings []setting

// String describes the arguments for users: level=1 (1..100), ...
func (s settings) String() string {
	words := make([]string, len(s))
	for i, x := range s {
		words[i] = fmt.Sprintf("%s=%v (%v..%v)", x.name, x.standard, x.low, x.high)
	}
	return strings.Join(words, ", ")
}

// read takes "name=value,name=value" apart; what is not named has its standard.
func (s settings) read(text string) (map[string]float64, error) {
	v := make(map[string]float64, len(s))
	for _, x := range s {
		v[x.name] = x.standard
	}
	if text == "" {
		return v, nil
	}
	for pair := range strings.SplitSeq(text, ",") {
		name, value, _ := strings.Cut(pair, "=")
		x, ok := s.find(name)
		if !ok {
			return nil, fmt.Errorf("%q is no setting; there is %v", name, s)
		}
		f, err := strconv.ParseFloat(value, 64)
		if err != nil {
			return nil, fmt.Errorf("%s: %q is not a number", name, value)
		}
		if !(f >= x.low && f <= x.high) {
			return nil, fmt.Errorf("%s: %v is not between %v and %v", name, f, x.low, x.high)
		}
		v[name] = f
	}
	return v, nil
}

func (s settings) find(name string) (setting, bool) {
	for _, x := range s {
		if x.name == name {
			return x, true
		}
	}
	return setting{}, false
}

// algorithm makes an Algorithm of settings and a maker of controllers.
func algorithm(name, about string, s settings, make func(map[string]float64, pacingsim.Setup) pacingsim.Controller) pacingsim.Algorithm {
	return pacingsim.Algorithm{Name: name, Args: s.String(), About: about,
		New: func(text string) (pacingsim.Factory, error) {
			v, err := s.read(text)
			if err != nil {
				return nil, err
			}
			return func(u pacingsim.Setup) (pacingsim.Controller, error) { return make(v, u), nil }, nil
		},
	}
}

// Algorithms are all peers.
func Algorithms() []pacingsim.Algorithm {
	list := []pacingsim.Algorithm{Progressive(), Power()}
	list = append(list, VICIdial()...)
	return append(list, Issabel(), Wombat())
}

// shares are the campaigns' parts of the agents, summing to one.
func shares(u pacingsim.Setup) []float64 {
	s, total := make([]float64, len(u.Campaigns)), 0.0
	for i, c := range u.Campaigns {
		s[i] = c.Share
		total += c.Share
	}
	for i := range s {
		if total > 0 {
			s[i] /= total
		} else {
			s[i] = 1 / float64(len(s))
		}
	}
	return s
}

// whole rounds halves to the even neighbour, as printf("%.0f") does.
func whole(x float64) int { return int(math.RoundToEven(x)) }
