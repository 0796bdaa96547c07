package main

import (
	"context"
	_ "embed"
	"errors"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	udiff "github.com/aymanbagabas/go-udiff"

	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/cmd/operadora/phrases"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/records"
	"github.com/operadora/operadora/orchestrator/yamlfile"
)

const (
	// mostRevisions are kept of what was in force.
	mostRevisions = 100
	// keepTime is how long the database may take for one.
	keepTime = 10 * time.Second
	// Lines around each change that are shown with it, and most lines that are shown of one comparison.
	around        = 3
	mostDiffLines = 4000
	// withheld stands for a file in which a secret is written so that it cannot be left out alone.
	withheld = "# This file is not shown: a PIN in it is written in a way in which it cannot be left out alone (pin: \"1234\" can).\n"
)

// keepRevision keeps what is in force since a time, unless it is kept. It hinders nothing: what
// the database does not take now, the next process that starts by it, or the next reload, keeps.
func (a *App) keepRevision(ctx context.Context, d Definitions, since time.Time, instance, by string, changed []string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), keepTime)
	defer cancel()
	n, err := a.db.KeepRevision(ctx, records.Revision{At: since, Instance: instance, By: by, Changes: changed}, func() map[string]string { return shown(d.Texts) }, mostRevisions)
	if err != nil {
		a.log.WarnContext(ctx, "the revision of the definitions is not kept", "since", since, "error", err)
		return
	}
	a.log.DebugContext(ctx, "the revision of the definitions is kept", "revision", n)
}

// shown are files without their secrets, which are the agents' PINs.
func shown(texts map[string]string) map[string]string {
	out := map[string]string{}
	for name, text := range texts {
		if slices.Contains(acdFiles, name) || path.Dir(name) == agentsFolder {
			masked, ok := yamlfile.Mask(text, "pin")
			if text = masked; !ok {
				text = withheld
			}
		}
		out[name] = text
	}
	return out
}

// withPINs are the paths of the files in which agents' PINs stand.
func withPINs(folder string, texts map[string]string) (out []string) {
	for name, text := range shown(texts) {
		if text != texts[name] {
			out = append(out, filepath.Join(folder, name))
		}
	}
	slices.Sort(out)
	return out
}

//go:embed changes_es.txt
var changesSpanish string

var changesBook = sync.OnceValue(func() phrases.Book { return phrases.Read(changesSpanish) })

// changeTexts says in all languages what was changed.
func changeTexts(changed []string) []wire.Texts {
	out := make([]wire.Texts, len(changed))
	for i, english := range changed {
		spanish, _ := changesBook().Say(english)
		out[i] = wire.Texts{"en": english, "es": spanish}
	}
	return out
}

// Disk implements api.Definer.
func (r reloading) Disk(ctx context.Context) (wire.DefinitionsOnDisk, error) {
	r.mu.Lock()
	before, since, behind := r.defs, r.since, r.behind
	r.mu.Unlock()
	defs, faults, err := r.load()
	out := wire.DefinitionsOnDisk{Usable: err == nil, Since: since, Behind: behind, Faults: faultViews(faults), Changes: []wire.Texts{}}
	if err != nil && faults.Err() == nil {
		out.Error = fault.Text(err)
	}
	if err == nil {
		out.Changes = changeTexts(changes(before, defs, r.waiting(ctx)))
	}
	out.Others = append([]string{}, unlike(defs.Files, before.Files)...)
	out.Comparison, err = compare(shown(before.Texts), shown(defs.Texts))
	return out, err
}

func faultViews(faults yamlfile.Faults) []wire.DefinitionFault {
	out := make([]wire.DefinitionFault, len(faults))
	for i, f := range faults {
		out[i] = wire.DefinitionFault{File: f.At.File, Line: f.At.Line, Column: f.At.Column, Code: string(f.Code), Advice: f.Code.Warning(), Where: f.Where, Text: f.Text}
	}
	return out
}

// Revisions implements api.Definer.
func (r reloading) Revisions(ctx context.Context) ([]wire.DefinitionsRevision, error) {
	list, err := r.db.Revisions(ctx)
	out := make([]wire.DefinitionsRevision, len(list))
	for i, v := range list {
		out[i] = r.revisionView(v)
	}
	return out, err
}

func (r reloading) revisionView(v records.Revision) wire.DefinitionsRevision {
	return wire.DefinitionsRevision{Revision: v.N, At: v.At, Instance: v.Instance, By: v.By, Changes: changeTexts(v.Changes),
		InForce: v.At.UnixMilli() == r.inForceSince().UnixMilli()}
}

// Revision implements api.Definer.
func (r reloading) Revision(ctx context.Context, n int64) (wire.DefinitionsRevisionView, error) {
	v, err := r.db.Revision(ctx, n)
	out := wire.DefinitionsRevisionView{Revision: r.revisionView(v), Files: []wire.DefinitionFile{}}
	for _, name := range slices.Sorted(maps.Keys(v.Files)) {
		out.Files = append(out.Files, wire.DefinitionFile{File: name, Text: v.Files[name]})
	}
	return out, err
}

// Compare implements api.Definer.
func (r reloading) Compare(ctx context.Context, from, to int64) (wire.DefinitionsComparison, error) {
	before, err := r.db.Revision(ctx, from)
	if err != nil {
		return wire.DefinitionsComparison{}, err
	}
	after, err := r.db.Revision(ctx, to)
	if err != nil {
		return wire.DefinitionsComparison{}, err
	}
	return compare(before.Files, after.Files)
}

// compare says in what files differ, line by line.
func compare(before, after map[string]string) (wire.DefinitionsComparison, error) {
	out := wire.DefinitionsComparison{Files: []wire.DefinitionDifference{}}
	names := slices.Concat(slices.Collect(maps.Keys(before)), slices.Collect(maps.Keys(after)))
	slices.Sort(names)
	lines := 0
	for _, name := range slices.Compact(names) {
		old, was := before[name]
		now, is := after[name]
		if was && is && old == now {
			continue
		}
		d := wire.DefinitionDifference{File: name, Change: wire.DefinitionChangeChanged, Hunks: []wire.DefinitionHunk{}}
		switch {
		case !was:
			d.Change = wire.DefinitionChangeNew
		case !is:
			d.Change = wire.DefinitionChangeGone
		}
		u, err := udiff.ToUnifiedDiff(name, name, old, udiff.Lines(old, now), around)
		if err != nil {
			return out, errors.Join(fault.New("compare", fault.Internal, "%s cannot be compared", name), err)
		}
		for _, h := range u.Hunks {
			if lines += len(h.Lines); lines > mostDiffLines {
				out.Cut = true
				break
			}
			d.Hunks = append(d.Hunks, hunkView(h))
		}
		out.Files = append(out.Files, d)
	}
	return out, nil
}

func hunkView(h *udiff.Hunk) wire.DefinitionHunk {
	out := wire.DefinitionHunk{From: h.FromLine, To: h.ToLine, Lines: make([]wire.DefinitionLine, len(h.Lines))}
	for i, l := range h.Lines {
		kind := map[udiff.OpKind]wire.DefinitionLineKind{udiff.Delete: wire.DefinitionLineKindRemoved, udiff.Insert: wire.DefinitionLineKindAdded, udiff.Equal: wire.DefinitionLineKindSame}[l.Kind]
		out.Lines[i] = wire.DefinitionLine{Kind: kind, Text: strings.TrimSuffix(l.Content, "\n")}
	}
	return out
}
