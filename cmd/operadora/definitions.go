package main

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/operadora/operadora/acd"
	"github.com/operadora/operadora/dialer/campaign"
	"github.com/operadora/operadora/dialer/compliance"
	"github.com/operadora/operadora/ivr"
	"github.com/operadora/operadora/ivr/flowfile"
	"github.com/operadora/operadora/ivr/lookup"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/mailer"
	"github.com/operadora/operadora/orchestrator/yamlfile"
)

// Definitions is all that the definitions folder says, checked as a whole.
type Definitions struct {
	ACD       acd.Definitions
	Flows     ivr.Definitions
	Campaigns map[string]*campaign.Campaign
	Profiles  map[string]compliance.Profile
	Mailboxes map[string]mailer.Mailbox
	Lookups   lookup.Definitions
	// Said is in which file each of the lists stands that may be empty, and must not
	// be taken for empty when its file is gone.
	Said map[string]string
	// Files are all files, with a hash of what each says; Texts what they say, with secrets: see shown.
	Files, Texts map[string]string
}

// acdFiles are the files of the definitions folder about queues and people.
// Each may hold any of the keys of acd.Definitions; a key stands in one file only, but for
// the agents, who may also stand in those of agentsFolder.
var acdFiles = []string{"queues.yaml", "agents.yaml", "callers.yaml"}

// loadDefinitions reads a definitions folder and tells every fault of it.
// Warnings do not hinder its use; any error does, and is told by the error too.
// known says what the PBXs and the gate can tell; its Queue is filled in from
// the folder itself.
func loadDefinitions(dir string, pbxs map[string]PBXConfig, known flowfile.Known) (Definitions, yamlfile.Faults, error) {
	if st, err := os.Stat(dir); err != nil {
		return Definitions{}, nil, fault.E("definitions", fault.Invalid, err)
	} else if !st.IsDir() {
		return Definitions{}, nil, fault.New("definitions", fault.Invalid, "%s is no folder", dir)
	}
	return readDefinitions(os.DirFS(dir), pbxs, known, secretsBeside(filepath.Dir(dir)))
}

func readDefinitions(fsys fs.FS, pbxs map[string]PBXConfig, known flowfile.Known, secret func(text string) (string, error)) (Definitions, yamlfile.Faults, error) {
	texts := filesOf(fsys) // before: a file that is written meanwhile is another the next time
	floor := readACD(fsys)
	known.Queue, known.Needs, known.Callback, known.Unmet = floor.queue(), floor.needs(), floor.callback(), floor.unmet()
	boxes, readable, unsent := mailer.Load(fsys)
	if readable {
		known.Mailbox = func(name string) bool { _, ok := boxes[name]; return ok }
	}
	sources, readable, wrongly := lookup.Load(fsys, secret)
	if readable {
		known.Lookups = sources.Known()
	}
	known.Digits = len(pbxs) > 0
	for _, p := range pbxs {
		known.Digits = known.Digits && p.Kind != KindFreeSWITCH
	}
	files, faults := flowfile.ReadFiles(fsys)
	flows, more := flowfile.Load(files, known)
	if more.Err() == nil && faults.Err() == nil {
		more = append(more, unknownFlows(pbxs, flows.Flows)...)
	}
	floor.defs.Groups = groupsOf(pbxs)
	profiles, wrong := compliance.Load(fsys)
	faults = slices.Concat(floor.faults, floor.check(pbxs, flows, profiles), faults, more, wrong, unsent, wrongly)
	var campaigns map[string]*campaign.Campaign
	if faults.Err() == nil { // what they name is known
		campaigns, wrong = campaign.Load(fsys, floor.campaigns(pbxs, flows, profiles))
		faults = append(faults, wrong...)
	}
	faults = faults.Sorted()
	return Definitions{ACD: floor.defs.WithProfiles(), Flows: flows, Campaigns: campaigns, Profiles: profiles, Mailboxes: boxes, Lookups: sources, Said: said(fsys, floor), Files: hashed(texts), Texts: texts}, faults, fault.E("", fault.Invalid, faults.Err())
}

// campaigns is what campaigns may name.
func (o *floor) campaigns(pbxs map[string]PBXConfig, flows ivr.Definitions, profiles map[string]compliance.Profile) campaign.Known {
	queue, agents := o.queue(), o.defs.WithProfiles().Agents
	return campaign.Known{Now: time.Now(), Profiles: profiles, Calendars: flows.Calendars,
		Agents: func(id string) (n int, there bool) {
			for _, a := range agents {
				if a.Serves(id) {
					n++
				}
			}
			return n, queue != nil && queue(id)
		},
		Flow: func(name, queue string) campaign.FlowFacts { return flowFacts(flows.Flows, name, queue) },
		PBX:  func(name string) bool { _, ok := pbxs[name]; return ok },
		Closed: func(name string) string {
			switch o := pbxs[name].Outbound; {
			case o.Dial == "":
				return fmt.Sprintf("pbxs.%s.outbound.dial is empty: say by which trunk, such as PJSIP/{number}@trunk", name)
			case len(o.Allow) == 0:
				return fmt.Sprintf("pbxs.%s.outbound.allow is empty: say how numbers begin that may be called, such as [\"+57\"]", name)
			}
			return ""
		},
		Hears: func(name string) bool { return pbxs[name].Kind != KindFreeSWITCH },
		Disposition: func(name, queue string) bool {
			return slices.ContainsFunc(o.defs.Dispositions, func(d acd.Disposition) bool {
				return d.Name == name && (len(d.Queues) == 0 || slices.Contains(d.Queues, queue))
			})
		}}
}

// flowFacts says how a flow brings calls to a queue, and what it reads of leads.
func flowFacts(flows map[string]*ivr.Flow, id, queue string) (facts campaign.FlowFacts) {
	f := flows[id]
	if f == nil {
		return facts
	}
	facts.There, facts.Fields = true, flowfile.LeadFields(flows, id)
	for name, n := range f.Nodes {
		facts.Nodes = append(facts.Nodes, name)
		if q, ok := n.Step.(*ivr.Queue); ok && q.Queue == queue {
			facts.Queues = true
		}
	}
	return facts
}

// said is Definitions.Said.
func said(fsys fs.FS, o floor) map[string]string {
	out := map[string]string{}
	for key, f := range o.files {
		out[key] = f.At("").File
	}
	if _, err := fs.Stat(fsys, didsFile); err == nil {
		out["dids"] = didsFile
	}
	return out
}

const didsFile = "dids.yaml"

// missing tells which list of those in force is in no file any more. To log
// everybody out, or to answer no number, is to be said.
func (d Definitions) missing(inForce Definitions) error {
	for key, none := range map[string]string{"agents": "agents: []", "dids": "dids: {}"} {
		if file := inForce.Said[key]; file != "" && d.Said[key] == "" {
			return fault.New("definitions", fault.Invalid, "%s: is gone, or has no %q any more; where there shall be none, it says `%s`", file, key, none)
		}
	}
	return nil
}

// floor is what acdFiles say.
type floor struct {
	defs    acd.Definitions
	files   map[string]*yamlfile.File // by the keys at the top of each; of agents, the first
	origins []origin                  // of each of the agents
	written map[string]origin         // of agents, by id; of one who is written twice, the first
	faults  yamlfile.Faults
	broken  bool // a file could not be read as it stands
}

// readACD reads acdFiles and those of agentsFolder.
func readACD(fsys fs.FS) floor {
	out := floor{files: map[string]*yamlfile.File{}, written: map[string]origin{}}
	agents, err := yamlfile.List(fsys, agentsFolder)
	if err != nil {
		out.fault(agentsFolder, err.Error())
	}
	for i, name := range slices.Concat(acdFiles, agents) {
		text, err := yamlfile.ReadFile(fsys, name)
		if errors.Is(err, fs.ErrNotExist) && i < len(acdFiles) {
			continue
		}
		if err != nil {
			out.fault(name, err.Error())
			continue
		}
		f, faults := yamlfile.Parse(name, text)
		var d acd.Definitions
		if f != nil {
			faults = f.Decode(&d, yamlfile.Options{})
			if i < len(acdFiles) {
				out.take(f, d)
			} else {
				out.takeAlone(f, d)
			}
		}
		out.faults = append(out.faults, faults...)
		out.broken = out.broken || faults.Err() != nil
	}
	if len(out.files) == 0 && !out.broken {
		out.fault(acdFiles[0], fmt.Sprintf("neither %s nor %s has anything in it; `operadora init` writes examples", acdFiles[0], acdFiles[1]))
	}
	return out
}

func (o *floor) fault(file, text string) {
	o.broken = true
	o.faults = append(o.faults, yamlfile.Fault{At: yamlfile.Pos{File: file}, Code: yamlfile.CodeForm, Text: text})
}

// take adds what a file says. A key that another file has is a fault.
func (o *floor) take(f *yamlfile.File, d acd.Definitions) {
	for _, k := range yamlfile.Top(d) {
		at, here := f.Set(k)
		if !here {
			continue
		}
		if other := o.files[k]; other != nil {
			o.faults = append(o.faults, yamlfile.Fault{At: at, Code: yamlfile.CodeForm, Where: k, Text: "is already in " + other.At("").File})
			continue
		}
		if k == agentsFolder {
			o.takeAgents(f, d.Agents)
			continue
		}
		o.files[k] = f
		yamlfile.Take(&o.defs, d, k)
	}
}

// queue tells whether there is a queue; nil when the files do not say.
func (o *floor) queue() func(id string) bool {
	if o.broken || o.files["queues"] == nil {
		return nil
	}
	queues := map[string]bool{}
	for _, q := range o.defs.Queues {
		queues[q.ID] = true
	}
	return func(id string) bool { return queues[id] }
}

// callback tells whether a queue calls back; nil when the files do not say.
func (o *floor) callback() func(queue string) bool {
	if o.broken || o.files["queues"] == nil {
		return nil
	}
	return func(id string) bool {
		return slices.ContainsFunc(o.defs.Queues, func(q acd.Queue) bool { return q.ID == id && q.Callback != nil })
	}
}

// needs tells why a requirement on agents is none; nil when the files cannot be read.
func (o *floor) needs() func(text string) error {
	if o.broken {
		return nil
	}
	return o.defs.Judges
}

// unmet tells whether no agent of a queue meets a requirement; nil when the files
// cannot be read.
func (o *floor) unmet() func(queue, text string) bool {
	if o.broken {
		return nil
	}
	return o.defs.WithProfiles().NobodyMeets
}

// check tells what does not fit together, with the place of each.
func (o *floor) check(pbxs map[string]PBXConfig, flows ivr.Definitions, profiles map[string]compliance.Profile) (out yamlfile.Faults) {
	faults := append(o.defs.Faults(o.queue()), unknownPBXs(o.defs.Agents, pbxs)...)
	for i, q := range o.defs.Queues {
		if q.Contact != nil && profiles[q.Contact.Profile].ID == "" {
			faults = append(faults, yamlfile.Fault{Code: yamlfile.CodeUnknown, Where: fmt.Sprintf("queues[%d].contact.profile", i),
				Text: fmt.Sprintf("there is no profile %q%s (of %q)", q.Contact.Profile, yamlfile.Suggest(q.Contact.Profile, slices.Collect(maps.Keys(profiles))), q.ID)})
		}
		if flows.Calendars[q.Hours] == nil && q.Hours != "" {
			faults = append(faults, yamlfile.Fault{Code: yamlfile.CodeUnknown, Where: fmt.Sprintf("queues[%d].hours", i),
				Text: fmt.Sprintf("calendar %q is not defined%s (of %q)", q.Hours, yamlfile.Suggest(q.Hours, slices.Collect(maps.Keys(flows.Calendars))), q.ID)})
		}
	}
	if who := o.needQueues(flows); who != "" {
		faults = append(faults, yamlfile.Fault{At: yamlfile.Pos{File: acdFiles[0]}, Code: yamlfile.CodeUnknown, Where: "queues",
			Text: "no file defines a queue, and " + who + " one"})
	}
	for _, f := range faults {
		if f.At == (yamlfile.Pos{}) {
			var file *yamlfile.File
			if file, f.Where = o.place(f.Where); file != nil {
				f.At = file.At(f.Where)
			}
		}
		out = append(out, f)
	}
	return out
}

// needQueues says who names a queue although no file defines any; "" when all is well.
func (o *floor) needQueues(flows ivr.Definitions) string {
	if o.broken || o.files["queues"] != nil {
		return ""
	}
	if slices.ContainsFunc(o.defs.WithProfiles().Agents, func(a acd.Agent) bool { return len(a.Queues) > 0 }) {
		return "agents serve"
	}
	for _, id := range slices.Sorted(maps.Keys(flows.Flows)) {
		for _, n := range flows.Flows[id].Nodes {
			if n.Type == ivr.NodeQueue || n.Type == ivr.NodeCallback {
				return "flow " + id + " leads into"
			}
		}
	}
	return ""
}

// unknownPBXs finds agents at PBXs that the configuration does not have, or that have
// no such phones.
func unknownPBXs(agents []acd.Agent, pbxs map[string]PBXConfig) (out yamlfile.Faults) {
	names := slices.Sorted(maps.Keys(pbxs))
	for i, a := range agents {
		p, ok := pbxs[a.PBX]
		tech, name, _ := strings.Cut(a.Endpoint, "/")
		switch written := p.Kind.phone(); {
		case !ok && a.PBX != "":
			out = append(out, yamlfile.Fault{Code: yamlfile.CodeUnknown, Where: fmt.Sprintf("agents[%d].pbx", i),
				Text: fmt.Sprintf("%q is not in the configuration's pbxs%s (of %q)", a.PBX, yamlfile.Suggest(a.PBX, names), a.ID)})
		case ok && a.Endpoint != "" && (tech == "user") != (written == "user"):
			out = append(out, yamlfile.Fault{Code: yamlfile.CodeForm, Where: fmt.Sprintf("agents[%d].endpoint", i),
				Text: fmt.Sprintf("%q is no phone of PBX %q, whose phones are written %s/%s (of %q)", a.Endpoint, a.PBX, written, name, a.ID)})
		}
	}
	return out
}

// unknownFlows finds flows that agents are to send callers through by keys, and
// that nobody has written.
func unknownFlows(pbxs map[string]PBXConfig, flows map[string]*ivr.Flow) (out yamlfile.Faults) {
	names := slices.Sorted(maps.Keys(flows))
	for _, pbx := range slices.Sorted(maps.Keys(pbxs)) {
		codes := pbxs[pbx].Keys.Flows
		for _, number := range slices.Sorted(maps.Keys(codes)) {
			if flow := codes[number]; flows[flow] == nil {
				out = append(out, yamlfile.Fault{At: yamlfile.Pos{File: "flows"}, Code: yamlfile.CodeUnknown, Where: "pbxs." + pbx + ".keys.flows." + number,
					Text: fmt.Sprintf("%q is no flow%s", flow, yamlfile.Suggest(flow, names))})
			}
		}
	}
	return out
}
