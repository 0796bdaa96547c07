package pacingsim

import "testing"

// Knowing which leads answer can only help: fewer idle agents, limit kept.
func TestKnowingOutcomesHelps(t *testing.T) {
	t.Parallel()
	known, err := Find(Algorithms(), "knowing")
	if err != nil {
		t.Fatal(err)
	}
	o := Options{World: load(t, "s3"), Seeds: 2, FirstSeed: 20, Hours: 2, Factory: Ours()}
	ours := simulate(t, o)
	o.Factory = known
	bound := simulate(t, o)
	if bound.UtilisationMean < ours.UtilisationMean || bound.SeedsOverLimit > 0 {
		t.Errorf("utilisation %.3f knowing, %.3f not knowing; %d seeds over the limit",
			bound.UtilisationMean, ours.UtilisationMean, bound.SeedsOverLimit)
	}
	t.Logf("utilisation %.3f knowing which leads answer, %.3f not knowing", bound.UtilisationMean, ours.UtilisationMean)
}
