package main

import (
	"log/slog"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/prometheus/client_golang/prometheus"
)

var (
	metricIn   = regexp.MustCompile(`\b((?:operadora|process|go)_\w+)(?:\{([^}]*)\})?`)
	groupingIn = regexp.MustCompile(`\bby \(([^)]*)\)`)
	labelIn    = regexp.MustCompile(`(\w+)(?:=~|!=|!~|=)"`)
	describes  = regexp.MustCompile(`^Desc\{fqName: "([^"]+)".*variableLabels: \{([^}]*)\}\}$`)
)

// exported are the labels of each metric that operadora may export, by name; of a
// histogram also those of its parts.
func exported(t *testing.T) map[string][]string {
	t.Helper()
	app, err := NewApp(t.Context(), siteConfig(t, nobodyThere), slog.New(slog.DiscardHandler))
	must(t, err)
	t.Cleanup(app.Stop)
	found := make(chan *prometheus.Desc)
	go func() {
		defer close(found)
		app.metrics.Describe(found)
	}()
	out := map[string][]string{}
	for d := range found {
		said := describes.FindStringSubmatch(d.String())
		if said == nil {
			t.Fatalf("%s is not understood", d)
		}
		labels := strings.FieldsFunc(said[2], func(r rune) bool { return r == ',' || r == ' ' })
		labels = append(labels, "instance", "job") // from the scrape
		out[said[1]] = labels
		for _, part := range []string{"_bucket", "_count", "_sum"} {
			out[said[1]+part] = append(slices.Clone(labels), "le")
		}
	}
	return out
}

// TestMonitoringAsksForWhatThereIs: each metric and each label that the alert rules and the
// dashboard of the package name is exported. A renamed one would be an alert that never comes.
func TestMonitoringAsksForWhatThereIs(t *testing.T) {
	t.Parallel()
	there := exported(t)
	for file, atLeast := range map[string]int{"alerts.yaml": 15, "grafana.json": 20} {
		raw, err := os.ReadFile("packaging/monitoring/" + file)
		must(t, err)
		var tree any
		must(t, yaml.Unmarshal(raw, &tree))
		queries := 0
		eachText(tree, "expr", func(query string) {
			queries++
			var may []string
			for _, m := range metricIn.FindAllStringSubmatch(query, -1) {
				labels, ok := there[m[1]]
				if !ok {
					t.Errorf("%s: no metric is called %s", file, m[1])
				}
				may = append(may, labels...)
				for _, l := range labelIn.FindAllStringSubmatch(m[2], -1) {
					if ok && !slices.Contains(labels, l[1]) {
						t.Errorf("%s: %s has no label %s: %v", file, m[1], l[1], labels)
					}
				}
			}
			for _, by := range groupingIn.FindAllStringSubmatch(query, -1) {
				for l := range strings.SplitSeq(by[1], ",") {
					if l = strings.TrimSpace(l); !slices.Contains(may, l) {
						t.Errorf("%s: %s groups by %s, which none of its metrics has", file, query, l)
					}
				}
			}
		})
		if queries < atLeast {
			t.Errorf("%s has %d queries", file, queries)
		}
	}
}

// eachText calls do with the text of each key of that name in a tree of YAML or JSON.
func eachText(tree any, name string, do func(string)) {
	switch t := tree.(type) {
	case map[string]any:
		for key, value := range t {
			if text, ok := value.(string); ok && key == name {
				do(text)
			}
			eachText(value, name, do)
		}
	case []any:
		for _, value := range t {
			eachText(value, name, do)
		}
	}
}
