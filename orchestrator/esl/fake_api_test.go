package esl

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// api carries out one command of the scripted FreeSWITCH. f.mu is held.
func (f *fake) api(command string) string {
	verb, rest, _ := strings.Cut(command, " ")
	arg := strings.Fields(rest)
	switch verb {
	case "global_getvar":
		return f.globals[rest]
	case "global_setvar":
		name, value, _ := strings.Cut(rest, "=")
		f.globals[name] = value
		return "+OK"
	case "sched_del":
		if t := f.tasks[rest]; t != nil {
			t.run.Stop()
			delete(f.tasks, rest)
		}
		return "+OK Deleted: 1\n"
	case "sched_api":
		seconds, _ := strconv.Atoi(strings.TrimPrefix(arg[0], "+"))
		what := strings.Join(arg[2:], " ")
		f.tasks[arg[1]] = &fakeTask{put: time.Now(), run: time.AfterFunc(time.Duration(seconds)*time.Second, func() {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.api(what)
		})}
		return "+OK Added: 1\n"
	case "hash":
		return f.apiHash(rest)
	case "hash_dump":
		out := ""
		for key, value := range f.hash {
			if realm, name, _ := strings.Cut(key, "/"); realm == arg[1] {
				out += "D/" + realm + "_" + name + "/" + value + "\n"
			}
		}
		return out
	case "version":
		return "FreeSWITCH Version 1.11.3-dev (git)\n"
	case "module_exists":
		return "true"
	case "xml_locate", "local_stream":
		return "-ERR not of interest\n"
	case "uptime":
		return "3600\n"
	case "show":
		if arg[0] == "tasks" {
			return f.apiTasks()
		}
		return f.apiShow()
	case "user_data":
		if strings.HasPrefix(rest, "fixed") {
			return "{presence_id=${dialed_user}@${dialed_domain}}sofia/internal/sip:fixed@192.0.2.1"
		}
		return "{presence_id=${dialed_user}@${dialed_domain}}${sofia_contact(*/${dialed_user}@${dialed_domain})}"
	case "sofia_contact":
		if user := userOf(strings.TrimPrefix(rest, "*/")); f.here[user] {
			return "sofia/internal/sip:" + user + "@127.0.0.1:5060"
		}
		return "error/user_not_registered"
	}
	return f.apiChannel(verb, arg, rest)
}

func (f *fake) apiHash(rest string) string {
	p := strings.Split(rest, "/")
	key := p[1] + "/" + p[2]
	switch p[0] {
	case "insert":
		f.hash[key] = p[3]
		return "+OK\n"
	case "select":
		return f.hash[key]
	}
	if _, there := f.hash[key]; !there {
		return "-ERR Not found\n"
	}
	delete(f.hash, key)
	return "+OK\n"
}

// apiTasks lists the tasks that the database knows of.
func (f *fake) apiTasks() string {
	out := "{"
	for group, t := range f.tasks {
		if time.Since(t.put) >= f.late {
			out += fmt.Sprintf("%q:1,", group)
		}
	}
	return strings.TrimSuffix(out, ",") + "}"
}

func (f *fake) apiShow() string {
	type row struct {
		UUID     string `json:"uuid"`
		App      string `json:"application"`
		Presence string `json:"presence_id"`
	}
	var shown struct {
		Count int   `json:"row_count"`
		Rows  []row `json:"rows,omitempty"`
	}
	for _, id := range f.sortedChannels() {
		ch := f.channels[id]
		if time.Since(ch.created) < f.late {
			continue
		}
		shown.Rows = append(shown.Rows, row{id, ch.app, ch.presence})
	}
	shown.Count = len(shown.Rows)
	out, err := json.Marshal(shown)
	if err != nil {
		f.t.Error(err)
	}
	return string(out)
}

func (f *fake) apiChannel(verb string, arg []string, rest string) string {
	ch := f.channels[arg[0]]
	gone := ch == nil || ch.over
	switch verb {
	case "uuid_exists":
		return strconv.FormatBool(!gone)
	case "uuid_answer":
		if gone {
			return "-ERROR\n"
		}
		ch.answered = true
		return "+OK\n"
	case "uuid_buglist":
		out := "<media-bugs>\n"
		for path, tape := range f.tapes {
			if tape.channel == arg[0] {
				out += "<media-bug><function>session_record</function><target>" + path + "</target></media-bug>\n"
			}
		}
		return out + "</media-bugs>\n"
	}
	if gone {
		if strings.HasPrefix(verb, "uuid_record") {
			return "-ERR Cannot locate session!\n"
		}
		return "-ERR No such channel!\n"
	}
	switch verb {
	case "uuid_dump":
		return f.apiDump(ch)
	case "uuid_kill":
		cause := map[string]string{"16": "NORMAL_CLEARING", "34": "NORMAL_CIRCUIT_CONGESTION"}[arg[1]]
		if cause == "" {
			cause = arg[1]
		}
		if !ch.deaf {
			f.hangUp(ch, cause)
		}
	case "uuid_break":
		if ch.appID != "" && ch.room == "" {
			f.finish(ch, false)
		}
	case "uuid_setvar_multi":
		for pair := range strings.SplitSeq(strings.TrimPrefix(rest, arg[0]+" "), ";") {
			name, value, _ := strings.Cut(pair, "=")
			ch.vars[name] = value
		}
	case "uuid_record":
		return f.apiRecord(ch, arg)
	case "uuid_send_dtmf":
		digits, _, _ := strings.Cut(arg[1], "@")
		ch.keys += digits
		return "+OK " + ch.id + " sent DTMF " + arg[1] + ".\n"
	case "uuid_getvar":
		if value, set := ch.vars[arg[1]]; set {
			return value
		}
		return "_undef_"
	case "uuid_setvar":
		ch.vars[arg[1]] = strings.Join(arg[2:], " ")
	case "uuid_audio":
		return "+OK Success\n"
	case "uuid_displace":
		if f.lacks != "" && strings.Contains(rest, " start "+f.lacks) {
			return "-ERR Cannot displace session!\n"
		}
		ch.beeps++
		if strings.HasSuffix(rest, " 0 mux") {
			ch.mixed++
		}
		return "+OK Success\n"
	case "uuid_transfer":
		f.transfer(ch, strings.Trim(strings.TrimSuffix(strings.TrimPrefix(rest, arg[0]+" "), " inline"), "'"))
	default:
		return "-ERR " + verb + " Command not found!\n"
	}
	return "+OK\n"
}

func (f *fake) apiDump(ch *fakeChannel) string {
	raw, err := os.ReadFile(filepath.Join("testdata", "uuid_dump.txt"))
	if err != nil {
		f.t.Error(err)
	}
	fields := map[string]any{}
	if err := json.Unmarshal(raw, &fields); err != nil {
		f.t.Error(err)
	}
	f.describe(fields, ch)
	out, err := json.Marshal(fields)
	if err != nil {
		f.t.Error(err)
	}
	return string(out)
}

func (f *fake) apiRecord(ch *fakeChannel, arg []string) string {
	path := arg[2]
	switch {
	case arg[1] == "start":
		f.tapes[path] = &fakeTape{channel: ch.id, began: time.Now()}
		if len(arg) > 3 {
			seconds, _ := strconv.Atoi(arg[3])
			f.limitTape(path, seconds)
		}
	case f.tapes[path] == nil:
		return fmt.Sprintf("-ERR Cannot %s record session!\n", arg[1])
	case arg[1] == "stop":
		f.stopTape(path)
	}
	return "+OK Success\n"
}

// transfer moves a channel to a list of applications.
func (f *fake) transfer(ch *fakeChannel, to string) {
	left := 70
	if n, err := strconv.Atoi(ch.vars["max_session_transfers"]); err == nil {
		left = n
	}
	if ch.vars["max_session_transfers"] = strconv.Itoa(left - 1); left == 0 {
		f.hangUp(ch, "EXCHANGE_ROUTING_ERROR")
		return
	}
	if ch.appID != "" {
		f.finish(ch, false)
	}
	ch.waiting = nil
	f.leaveRoom(ch)
	if rest, forgets := strings.CutPrefix(to, "m:^:unset:operadora_heard^"); forgets {
		delete(ch.vars, "operadora_heard")
		to = "m:^:" + rest
	}
	if list, handed := strings.CutPrefix(to, "m:^:unset:operadora_app^transfer:"); handed {
		f.event("channel_execute_unset", ch, map[string]string{"Application": "unset", "Application-Data": "operadora_app", "Application-UUID": "x"})
		delete(ch.vars, "operadora_app")
		place := strings.Fields(list)
		ch.app = "echo"
		if place[2] == "operadora-inbound" {
			f.arrive(ch, place[0])
		}
		return
	}
	if list, is := strings.CutPrefix(to, "m:^:set:operadora_monitor="); is {
		steps := strings.Split(list, "^")
		ch.vars["operadora_monitor"] = steps[0]
		ch.bound = map[string]string{}
		for _, step := range steps {
			if args, binds := strings.CutPrefix(step, "bind_digit_action:operadora,"); binds {
				digit, action, _ := strings.Cut(args, ",exec[i]:eval,")
				ch.bound[digit] = action
			}
		}
		target, _ := strings.CutPrefix(steps[len(steps)-2], "eavesdrop:")
		if heard := f.channels[target]; heard != nil && !heard.over {
			ch.app, ch.appData, ch.appID = "eavesdrop", target, ""
			f.event("channel_execute_conference", ch, map[string]string{"Application": "eavesdrop", "Application-Data": target, "Application-UUID": "x"})
			return
		}
	}
	if before, rest, joins := strings.Cut(to, "conference:"); joins && f.loses > 0 {
		f.loses--
	} else if joins {
		if strings.HasPrefix(before, "m:^:"+keepsEnd) {
			ch.keepEnd()
		}
		if strings.HasSuffix(before, forgetKeys) {
			ch.bound = nil
		}
		room, _, _ := strings.Cut(rest, "@")
		ch.passes = strings.Contains(rest, "+flags{dist-dtmf}")
		ch.app, ch.appData, ch.appID, ch.room = "conference", strings.TrimSuffix(rest, "^park:"), "", room
		f.event("channel_execute_conference", ch, map[string]string{"Application": "conference", "Application-Data": ch.appData, "Application-UUID": "x"})
		f.event("conference_maintenance_add-member", ch, map[string]string{"Conference-Name": room})
		return
	}
	f.park(ch)
}
