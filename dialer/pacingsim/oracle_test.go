package pacingsim

import "testing"

// To know more can only help: fewer idle agents, limit kept.
func TestKnowingHelps(t *testing.T) {
	t.Parallel()
	o := Options{World: load(t, "s3"), Seeds: 2, FirstSeed: 20, Hours: 2, Factory: Ours()}
	ours := simulate(t, o)
	for _, what := range []string{"answers", "releases"} {
		known, err := Find(Algorithms(), "knowing:"+what)
		if err != nil {
			t.Fatal(err)
		}
		o.Factory = known
		r := simulate(t, o)
		if r.UtilisationMean < ours.UtilisationMean || r.SeedsOverLimit > 0 {
			t.Errorf("utilisation %.3f knowing %s, %.3f not knowing; %d seeds over the limit",
				r.UtilisationMean, what, ours.UtilisationMean, r.SeedsOverLimit)
		}
	}
	if _, err := Find(Algorithms(), "knowing:everything"); err == nil {
		t.Error("an oracle that nobody has was accepted")
	}
}
