package redisstore_test

import (
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/operadora/operadora/acd"
	"github.com/operadora/operadora/orchestrator"
)

// TestStateOfAnEarlierVersionIsTakenOver: a store written before there were lanes,
// by an operadora that was killed: who waits keeps the place and is served, who was
// free is found, an offer that stood can fail, a conversation can end.
func TestStateOfAnEarlierVersionIsTakenOver(t *testing.T) {
	t.Parallel()
	w := empty(t)
	prefix := "op:{" + w.tenant + "}:acd:"
	at := epoch.UnixMilli()
	agent := func(id, phone, more string) {
		w.must(w.rdb.HSet(w.ctx(), prefix+"agents", id, `{"since":1,"device":"free","queues":"@`+id+`,ventas","print":"old",`+
			`"pbx":"uno","endpoint":"PJSIP/`+phone+`","misses":0,"rev":3,`+more+`}`).Err())
		w.must(w.rdb.SAdd(w.ctx(), prefix+"staff:ventas@uno", id).Err())
		w.must(w.rdb.SAdd(w.ctx(), prefix+"staff:@"+id+"@uno", id).Err())
	}
	agent("a00", "100", `"state":"paused"`)
	agent("a01", "101", `"state":"reserved","offer":"c1-x","call":"c1","queue":"ventas"`)
	agent("a02", "102", `"state":"talking","offer":"c0-x","call":"c0","queue":"ventas"`)
	agent("a03", "103", `"state":"available","free_since":1`)
	w.must(w.rdb.ZAdd(w.ctx(), prefix+"idle:ventas@uno", redis.Z{Score: 1, Member: "a03"}).Err())
	w.must(w.rdb.HSet(w.ctx(), prefix+"offers",
		"c1-x", `{"id":"c1-x","call":"c1","pbx":"uno","queue":"ventas","agent":"a01","endpoint":"PJSIP/101","ring":20000000000,"at":1,"due":`+toJSON(at+30_000)+`}`,
		"c0-x", `{"id":"c0-x","call":"c0","pbx":"uno","queue":"ventas","agent":"a02","endpoint":"PJSIP/102","ring":20000000000,"answered":true,"at":1,"due":2}`).Err())
	w.must(w.rdb.ZAdd(w.ctx(), prefix+"deadlines:uno", redis.Z{Score: float64(at + 30_000), Member: "offer:c1-x"}).Err())
	for i, call := range []string{"c1", "s1", "s2"} {
		queue, offer := "soporte", ""
		if call == "c1" {
			queue, offer = "ventas", `,"offer":"c1-x"`
		} else {
			w.must(w.rdb.ZAdd(w.ctx(), prefix+"waiting:soporte@uno", redis.Z{Score: float64(at + int64(i)), Member: call}).Err())
		}
		w.must(w.rdb.HSet(w.ctx(), prefix+"calls", call, `{"queue":"`+queue+`","pbx":"uno","entered":`+toJSON(at+int64(i))+`,"score":`+toJSON(at+int64(i))+offer+`}`).Err())
	}

	w.start(func() acd.Definitions {
		d := defs(5, queue("ventas", noWrap), queue("soporte", noWrap))
		for i := range 4 {
			d.Agents[i].Queues = d.Agents[i].Queues[:1]
		}
		d.Agents[4].Queues = d.Agents[4].Queues[1:]
		return d
	}())
	w.until("everybody has a lane and a profile", func() bool {
		r := w.records()
		return r.Calls["s2"].At == 1 && len(r.Calls["c1"].Rings) == 1 && r.Agents["a03"].Profile != "" && r.Agents["a02"].Profile != ""
	})
	if p := w.failed("c1-x", orchestrator.OfferNoAnswer); p.Offer == nil || p.Offer.Agent != "a03" {
		t.Fatalf("who was free is found: %+v", p)
	}
	w.desk.first("c1-x") // it stood
	w.login("a04")
	if o := w.offered(); o.Call != "s1" || o.Agent != "a04" {
		t.Fatalf("who has waited longest is served: %+v", o)
	}
	w.finish("c0-x")
	w.wantState("a02", acd.StateAvailable)
	w.clean()
}
