package pacingsim

import "testing"

func TestWorldsLoad(t *testing.T) {
	t.Parallel()
	if len(Worlds()) < 17 {
		t.Errorf("only %d worlds ship", len(Worlds()))
	}
	for _, name := range Worlds() {
		w, err := Load(name)
		if err != nil {
			t.Error(err)
			continue
		}
		if w.Name != name {
			t.Errorf("world file %s names itself %s", name, w.Name)
		}
	}
}
