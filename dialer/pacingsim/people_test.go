package pacingsim

import "testing"

// TestPeople: they are those whom the simulation calls.
func TestPeople(t *testing.T) {
	t.Parallel()
	w, err := Load("s3")
	if err != nil {
		t.Fatal(err)
	}
	c := &w.Campaigns[0]
	c.Leads, c.Machine, c.Detection = 400, Curve{}, nil
	w.Carrier.Congestion = []CongestionWindow{{Until: 1e6, Refuse: 0.05}}
	for seed := range uint64(3) {
		r, err := Run(t.Context(), Options{World: w, Factory: Ours(), Seeds: 1, FirstSeed: seed, Hours: 3, KeepSeeds: true})
		if err != nil {
			t.Fatal(err)
		}
		persons, refused, talk := 0, 0, 0.0
		for _, x := range People(w, seed, c.Leads) {
			switch {
			case x.Class == Person && x.In < c.RingsAfter+c.RingTimeout:
				persons++
			case x.Class == Congestion:
				refused++
			}
			talk += x.Talk / float64(c.Leads)
		}
		if got := r.PerSeed[0]; got.Answered != persons || persons == 0 || refused == 0 || talk < 90 || talk > 160 {
			t.Errorf("seed %d: %d of them answer, and %d answered; %d refused, talks of %.0f s", seed, persons, got.Answered, refused, talk)
		}
	}
}
