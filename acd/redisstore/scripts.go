package redisstore

import (
	"embed"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/operadora/operadora/acd"
	"github.com/operadora/operadora/orchestrator/redisstore"
)

//go:embed lua/*.lua
var luaFiles embed.FS

// Libraries that scripts are put together with. Each follows the ones before.
var (
	libState  = []string{"lib_agent", "lib_count", "lib_stranded", "lib_inside", "lib_taken", "lib_pause", "lib_save", "lib_pace", "lib_load", "lib_staff", "lib_outcome", "lib_state", "lib_lane", "lib_offers"}
	libMatch  = append(libState[:len(libState):len(libState)], "lib_idle", "lib_best", "lib_match", "lib_seek")
	libPlace  = append(libMatch[:len(libMatch):len(libMatch)], "lib_way")
	libAllow  = append(libSettle[:len(libSettle):len(libSettle)], "lib_allow")
	libSettle = append(libMatch[:len(libMatch):len(libMatch)], "lib_oldest", "lib_settle", "lib_depart", "lib_spare", "lib_known")
)

// The scripts, one transition each.
var (
	callEnqueue   = script("call_enqueue", libPlace)
	callLeave     = script("call_leave", libState)
	callRelax     = script("call_relax", libMatch)
	callHeal      = script("call_heal", libPlace)
	placeHeal     = script("place_heal", libState)
	countsHeal    = script("counts_heal", nil)
	insidesCount  = script("insides_count", nil)
	defsPut       = script("definitions_put", nil)
	queuesUsed    = script("queues_used", nil)
	tableStore    = script("table_store", nil)
	offerAnswer   = script("offer_answer", libSettle)
	offerHold     = script("offer_hold", libMatch)
	offerFail     = script("offer_fail", libSettle)
	offerFinish   = script("offer_finish", libSettle)
	offerHeal     = script("offer_heal", libSettle)
	agentChange   = script("agent_change", libAllow)
	agentDial     = script("agent_dial", libSettle)
	agentDispose  = script("agent_dispose", libSettle)
	agentExtend   = script("agent_extend", libSettle)
	agentDevice   = script("agent_device", libSettle)
	agentWake     = script("agent_wake", libSettle)
	agentIndex    = script("agent_index", libSettle)
	agentRetire   = script("agent_retire", libMatch)
	agentHeal     = script("agent_heal", libSettle)
	agentPIN      = script("agent_pin", nil)
	pbxAway       = script("pbx_away", libSettle)
	pbxBack       = script("pbx_back", libMatch)
	deadlineClaim = script("deadline_claim", nil)
	turnTake      = script("turn_take", nil)
	deadlineDrop  = script("deadline_drop", nil)
	recordAside   = script("record_aside", nil)
)

// script puts a script together: how an entry is written to the journal, the
// tables of the agent's state machine, the libraries, the script itself.
// Comments are left out, they would travel to Redis for nothing.
func script(name string, libs []string) *redis.Script {
	parts := []string{}
	if len(libs) > 0 {
		parts = append(parts, redisstore.JournalLua, tables())
	}
	for _, file := range append(slices.Clone(libs), name) {
		parts = append(parts, mustRead("lua/"+file+".lua"))
	}
	var b strings.Builder
	for line := range strings.Lines(strings.Join(parts, "\n")) {
		if !strings.HasPrefix(line, "--") {
			b.WriteString(line)
		}
	}
	return redis.NewScript(b.String())
}

func mustRead(path string) string {
	text, err := luaFiles.ReadFile(path)
	if err != nil {
		panic("acd/redisstore: " + err.Error()) // an embedded file: missing only when the build is wrong
	}
	return string(text)
}

// tables writes the agent's state machine as Lua, so that acd's tables are the
// only ones.
func tables() string {
	next, later := map[acd.State]map[acd.Trigger]string{}, map[acd.State]map[acd.Trigger]string{}
	for _, s := range acd.States {
		next[s], later[s] = map[acd.Trigger]string{}, map[acd.Trigger]string{}
		for _, t := range acd.Triggers {
			if to, err := s.Next(t); err == nil {
				next[s][t] = string(to)
			}
			if due, ok := s.Later(t); ok {
				later[s][t] = string(due)
			}
		}
	}
	return "local NEXT = " + luaTable(next) + "\nlocal LATER = " + luaTable(later) + "\n"
}

func luaTable(m map[acd.State]map[acd.Trigger]string) string {
	var b strings.Builder
	b.WriteString("{")
	for _, s := range slices.Sorted(maps.Keys(m)) {
		if len(m[s]) == 0 {
			continue
		}
		b.WriteString(string(s) + "={")
		for _, t := range slices.Sorted(maps.Keys(m[s])) {
			b.WriteString(string(t) + "=" + strconv.Quote(m[s][t]) + ",")
		}
		b.WriteString("},")
	}
	b.WriteString("}")
	return b.String()
}
