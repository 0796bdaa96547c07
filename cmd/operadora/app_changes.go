package main

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/operadora/operadora/acd"
	"github.com/operadora/operadora/ivr"
)

// changes says what a reload changes, a sentence each, and what becomes of those
// whom it concerns. waiting is how many callers wait, by queue; nil when that is
// not known.
func changes(before, after Definitions, waiting map[string]int) (out []string) {
	id := func(q acd.Queue) string { return q.ID }
	out = append(out, differences("queue", keyed(before.ACD.Queues, id), keyed(after.ACD.Queues, id), func(q string) string {
		const fate = "no new caller gets in, and those inside are served by the agents it had"
		switch n, known := waiting[q]; {
		case waiting == nil:
			return "; how many callers wait in it is not known: " + fate
		case known && n > 0:
			return fmt.Sprintf("; %d of its callers wait: %s", n, fate)
		}
		return "; nobody waits in it"
	})...)
	agent := func(a acd.Agent) string { return a.ID }
	out = append(out, differences("agent", keyed(before.ACD.Agents, agent), keyed(after.ACD.Agents, agent), func(string) string {
		return "; logged out, after the current call if there is one"
	})...)
	none := func(string) string { return "" }
	profile := func(p acd.AgentProfile) string { return p.ID }
	out = append(out, differences("profile", keyed(before.ACD.Profiles, profile), keyed(after.ACD.Profiles, profile), none)...)
	team := func(t acd.Team) string { return t.ID }
	out = append(out, differences("team", keyed(before.ACD.Teams, team), keyed(after.ACD.Teams, team), func(string) string {
		return "; nobody may listen to its agents any more"
	})...)
	caller := func(k acd.KnownCaller) string { return k.ID }
	out = append(out, differences("known caller", keyed(before.ACD.Callers, caller), keyed(after.ACD.Callers, caller), none)...)
	reason := func(r acd.PauseReason) string { return r.Name }
	out = append(out, differences("pause reason", keyed(before.ACD.PauseReasons, reason), keyed(after.ACD.PauseReasons, reason), none)...)
	disposition := func(d acd.Disposition) string { return d.Name }
	out = append(out, differences("disposition", keyed(before.ACD.Dispositions, disposition), keyed(after.ACD.Dispositions, disposition), none)...)
	out = append(out, differences("number", numbers(before.Flows.DIDs), numbers(after.Flows.DIDs), none)...)
	out = append(out, differences("calendar", before.Flows.Calendars, after.Flows.Calendars, none)...)
	out = append(out, differences("campaign", before.Campaigns, after.Campaigns, none)...)
	out = append(out, differences("mailbox", before.Mailboxes, after.Mailboxes, none)...)
	out = append(out, differences("source", before.Lookups, after.Lookups, none)...)
	return append(out, differences("flow", texts(before.Flows.Sources), texts(after.Flows.Sources), func(string) string {
		return "; calls in it end as they began"
	})...)
}

// differences compares what is defined by name. gone says what becomes of one that is gone.
func differences[T any](what string, before, after map[string]T, gone func(name string) string) []string {
	var added, changed, out []string
	for _, name := range slices.Sorted(maps.Keys(after)) {
		switch old, was := before[name]; {
		case !was:
			added = append(added, name)
		case !reflect.DeepEqual(old, after[name]):
			changed = append(changed, name)
		}
	}
	for _, group := range []struct {
		names []string
		how   string
	}{{added, "new"}, {changed, "changed"}} {
		if len(group.names) > 0 {
			out = append(out, fmt.Sprintf("%s %s: %s", what, group.how, strings.Join(group.names, ", ")))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(before)) {
		if _, stays := after[name]; !stays {
			out = append(out, fmt.Sprintf("%s gone: %s%s", what, name, gone(name)))
		}
	}
	return out
}

func keyed[T any](list []T, key func(T) string) map[string]T {
	out := map[string]T{}
	for _, v := range list {
		out[key(v)] = v
	}
	return out
}

// numbers are the dialled numbers without their places in the file.
func numbers(dids ivr.DIDs) map[string]ivr.DID {
	out := map[string]ivr.DID{}
	for _, d := range dids {
		d.At = ivr.Pos{}
		out[d.Pattern] = d
	}
	return out
}

// texts are the flows' texts, wherever they stand.
func texts(sources map[string]ivr.Source) map[string]string {
	out := map[string]string{}
	for id, s := range sources {
		out[id] = s.YAML
	}
	return out
}
