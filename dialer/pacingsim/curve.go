package pacingsim

import (
	"math"
	"sort"
)

// At is the value at a time.
func (c *Curve) At(t float64) float64 {
	if len(c.Points) == 0 {
		return c.Const
	}
	if c.Every > 0 {
		t = math.Mod(t, c.Every)
	}
	next := sort.Search(len(c.Points), func(i int) bool { return c.Points[i].At > t })
	if next == 0 {
		return c.Points[0].Value
	}
	a := c.Points[next-1]
	if !c.Linear || next == len(c.Points) {
		return a.Value
	}
	b := c.Points[next]
	return a.Value + (b.Value-a.Value)*(t-a.At)/(b.At-a.At)
}

// max is the highest value the curve takes.
func (c *Curve) max() float64 {
	top := c.Const
	for i, p := range c.Points {
		if i == 0 || p.Value > top {
			top = p.Value
		}
	}
	return top
}
