package main

import (
	"testing"
	"testing/fstest"
)

// TestFilesThatAreNoDefinitions: what is not read as a definition makes no two processes unlike: the
// folders of a mounted volume (..2026_11_30…), a checkout's .git and .github, a folder of old files.
func TestFilesThatAreNoDefinitions(t *testing.T) {
	t.Parallel()
	text := &fstest.MapFile{Data: []byte("queues: []\n")}
	here := fstest.MapFS{"queues.yaml": text, "flows/line.yaml": text, "..2026_11_30_10_00_00.1/queues.yaml": text,
		".github/workflows/check.yaml": text, "old/queues.yaml": text, "flows/.line.yaml": text}
	there := fstest.MapFS{"queues.yaml": text, "flows/line.yaml": text, "..2026_11_30_10_00_01.2/queues.yaml": text}
	if other := unlike(hashFiles(here), hashFiles(there)); len(other) > 0 {
		t.Errorf("folders that say the same are unlike: %q", other)
	}
}
