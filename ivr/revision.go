package ivr

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"sort"
)

// Source is the text of one flow file.
type Source struct {
	File string `json:"file"`
	YAML string `json:"yaml"`
}

// Parser reads one flow file; flowfile.Parse is one.
type Parser func(src Source) (*Flow, error)

// Revisions keeps the texts of flows by their hash for as long as calls may
// need them, so that another process can go on with a call that began under a
// revision it has never read. ivr/redisstore implements it.
type Revisions interface {
	// Put stores a revision or prolongs its stay.
	Put(ctx context.Context, hash string, source []byte) error
	// Get returns a revision; an error of kind NotFound means it is nowhere.
	Get(ctx context.Context, hash string) ([]byte, error)
}

// Revision is a flow with all the sub-flows it can reach, at one state of their texts.
type Revision struct {
	Hash   string
	Main   string           // id of the flow that calls begin in
	Flows  map[string]*Flow // by id
	Source []byte           // what Revisions keeps
	masked bool             // some flow has a masked gather
}

// bundle is the stored form of a revision.
type bundle struct {
	Main    string   `json:"main"`
	Sources []Source `json:"sources"` // sorted by file
}

// newRevision bundles a flow with its sub-flows. sources holds the text of every flow by id.
func newRevision(main string, flows map[string]*Flow, sources map[string]Source) (*Revision, error) {
	rev := &Revision{Main: main, Flows: map[string]*Flow{}}
	if err := reach(main, flows, rev.Flows); err != nil {
		return nil, err
	}
	b := bundle{Main: main}
	for id := range rev.Flows {
		b.Sources = append(b.Sources, sources[id])
	}
	sort.Slice(b.Sources, func(i, j int) bool { return b.Sources[i].File < b.Sources[j].File })
	raw, err := json.Marshal(b)
	if err != nil {
		return nil, fmt.Errorf("flow %q: %w", main, err)
	}
	rev.Source, rev.Hash, rev.masked = raw, hashOf(raw), rev.masks()
	return rev, nil
}

// hashOf names a revision: half of a SHA-256 in hexadecimal digits.
func hashOf(source []byte) string {
	sum := sha256.Sum256(source)
	return hex.EncodeToString(sum[:16])
}

func reach(id string, flows, into map[string]*Flow) error {
	f := flows[id]
	if f == nil {
		return fmt.Errorf("flow %q is not defined", id)
	}
	if into[id] != nil {
		return nil
	}
	into[id] = f
	for _, name := range f.NodeNames() {
		if c, ok := f.Nodes[name].Step.(*Call); ok {
			if err := reach(c.Flow, flows, into); err != nil {
				return fmt.Errorf("%s, node %q: %w", f.Nodes[name].At, name, err)
			}
		}
	}
	return nil
}

// readRevision brings a stored revision back to life.
func readRevision(hash string, source []byte, parse Parser) (*Revision, error) {
	if hashOf(source) != hash {
		return nil, fmt.Errorf("the text kept for revision %s is not the one it names", hash)
	}
	var b bundle
	if err := json.Unmarshal(source, &b); err != nil {
		return nil, fmt.Errorf("revision %s: %w", hash, err)
	}
	rev := &Revision{Hash: hash, Main: b.Main, Flows: map[string]*Flow{}, Source: source}
	for _, s := range b.Sources {
		f, err := parse(s)
		if err != nil {
			return nil, fmt.Errorf("revision %s: %w", hash, err)
		}
		rev.Flows[f.ID] = f
	}
	if rev.Flows[b.Main] == nil {
		return nil, fmt.Errorf("revision %s lacks its flow %q", hash, b.Main)
	}
	rev.masked = rev.masks()
	return rev, nil
}
