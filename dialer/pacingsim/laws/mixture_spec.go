package laws

import "fmt"

// mixture builds the parts; when the spec gives an overall mean, the one part
// that leaves its own mean out gets what is missing to reach it.
func (s Spec) mixture(path string) (Law, error) {
	if len(s.Parts) < 2 {
		return nil, fmt.Errorf("%sparts: %d given, a mixture has at least 2", path, len(s.Parts))
	}
	parts := append([]Spec(nil), s.Parts...)
	weights, total := make([]float64, len(parts)), 0.0
	for i, p := range parts {
		if p.Weight <= 0 {
			return nil, fmt.Errorf("%sparts[%d].weight: %v is not positive", path, i, p.Weight)
		}
		weights[i] = p.Weight
		total += p.Weight
	}
	if s.Mean > 0 {
		if err := solveMean(path, s.Mean*total, parts); err != nil {
			return nil, err
		}
	}
	built := make([]Law, len(parts))
	for i, p := range parts {
		law, err := p.build(fmt.Sprintf("%sparts[%d].", path, i))
		if err != nil {
			return nil, err
		}
		built[i] = law
	}
	return NewMixture(weights, built), nil
}

// solveMean sets the mean of the only part without one so that the weighted
// means add up to want.
func solveMean(path string, want float64, parts []Spec) error {
	open, sum := -1, 0.0
	for i, p := range parts {
		if p.Mean == 0 && p.Kind != KindUniform && p.Kind != KindMixture {
			if open >= 0 {
				return fmt.Errorf("%sparts[%d].mean: left out as in parts[%d]; the overall mean settles one", path, i, open)
			}
			open = i
			sum += p.Weight * p.Shift
			continue
		}
		law, err := p.build(fmt.Sprintf("%sparts[%d].", path, i))
		if err != nil {
			return err
		}
		sum += p.Weight * law.Mean()
	}
	if open < 0 {
		return fmt.Errorf("%smean: given, and every part has its own", path)
	}
	mean := (want - sum) / parts[open].Weight
	if mean <= 0 {
		return fmt.Errorf("%smean: leaves %v for parts[%d].mean, which is not positive", path, mean, open)
	}
	parts[open].Mean = mean
	return nil
}
