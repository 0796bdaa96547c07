package api

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/operadora/operadora/api/wire"
)

// GetDefinitions implements StrictServerInterface.
func (s operations) GetDefinitions(ctx context.Context, _ GetDefinitionsRequestObject) (GetDefinitionsResponseObject, error) {
	d, err := s.Definitions.Definitions(ctx)
	return GetDefinitions200JSONResponse(filled(d)), err
}

// ReloadDefinitions implements StrictServerInterface.
func (s operations) ReloadDefinitions(ctx context.Context, _ ReloadDefinitionsRequestObject) (ReloadDefinitionsResponseObject, error) {
	s.auditLive(ctx, "definitions.reload", "definitions", "")
	r, err := s.Definitions.Reload(ctx, askerOf(ctx).who.Name)
	r.Changes, r.ChangeTexts, r.Warnings = list(r.Changes), list(r.ChangeTexts), list(r.Warnings)
	return ReloadDefinitions200JSONResponse(r), err
}

// GetDefinitionsOnDisk implements StrictServerInterface.
func (s operations) GetDefinitionsOnDisk(ctx context.Context, _ GetDefinitionsOnDiskRequestObject) (GetDefinitionsOnDiskResponseObject, error) {
	d, err := s.Definitions.Disk(ctx)
	return GetDefinitionsOnDisk200JSONResponse(d), err
}

// ListDefinitionsRevisions implements StrictServerInterface.
func (s operations) ListDefinitionsRevisions(ctx context.Context, _ ListDefinitionsRevisionsRequestObject) (ListDefinitionsRevisionsResponseObject, error) {
	all, err := s.Definitions.Revisions(ctx)
	return ListDefinitionsRevisions200JSONResponse{Items: list(all)}, err
}

// GetDefinitionsRevision implements StrictServerInterface.
func (s operations) GetDefinitionsRevision(ctx context.Context, r GetDefinitionsRevisionRequestObject) (GetDefinitionsRevisionResponseObject, error) {
	v, err := s.Definitions.Revision(ctx, r.Revision)
	return GetDefinitionsRevision200JSONResponse(v), err
}

// CompareDefinitions implements StrictServerInterface.
func (s operations) CompareDefinitions(ctx context.Context, r CompareDefinitionsRequestObject) (CompareDefinitionsResponseObject, error) {
	d, err := s.Definitions.Compare(ctx, r.Params.From, r.Params.To)
	return CompareDefinitions200JSONResponse(d), err
}

// CountFlow implements StrictServerInterface.
func (s operations) CountFlow(ctx context.Context, r CountFlowRequestObject) (CountFlowResponseObject, error) {
	c := newFlowCount(r.Flow)
	err := s.Records.Paths(ctx, given(r.Params.From), given(r.Params.To), c.add)
	return CountFlow200JSONResponse(c.view()), err
}

// flowCount counts what calls did in one flow.
type flowCount struct {
	flow  string
	calls int64
	nodes map[string]*wire.NodeCount
	ways  map[[2]string]int64
}

func newFlowCount(flow string) *flowCount {
	return &flowCount{flow: flow, nodes: map[string]*wire.NodeCount{}, ways: map[[2]string]int64{}}
}

// add counts calls of one path: flow/node, in the order in which they came there.
func (c *flowCount) add(path []string, calls int64) {
	seen, before := map[string]bool{}, ""
	for i, step := range path {
		flow, node, _ := strings.Cut(step, "/")
		if flow != c.flow {
			continue
		}
		n := c.nodes[node]
		if n == nil {
			n = &wire.NodeCount{Node: node}
			c.nodes[node] = n
		}
		if len(seen) == 0 {
			c.calls += calls
		} else {
			c.ways[[2]string{before, node}] += calls
		}
		if !seen[node] {
			n.Calls += calls
		}
		if n.Times += calls; i == len(path)-1 {
			n.Ended += calls
		}
		seen[node], before = true, node
	}
}

func (c *flowCount) view() wire.FlowCounts {
	out := wire.FlowCounts{Flow: c.flow, Calls: c.calls, Nodes: []wire.NodeCount{}, Ways: []wire.WayCount{}}
	for _, name := range slices.Sorted(maps.Keys(c.nodes)) {
		out.Nodes = append(out.Nodes, *c.nodes[name])
	}
	for way, times := range c.ways {
		out.Ways = append(out.Ways, wire.WayCount{From: way[0], To: way[1], Times: times})
	}
	slices.SortFunc(out.Ways, func(a, b wire.WayCount) int { return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To)) })
	return out
}
