package main

import (
	"testing"
)

func TestACallerReachesAnAgent(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{agents: 1})
	r.start()
	ana := r.login("101")
	c := r.call("5550001", "5000")
	must(t, c.WaitSound(limit(t)))
	must(t, c.SendDTMF("1"))
	a := r.next(ana)
	must(t, a.Answer())
	c.PlayTone(500)
	a.PlayTone(900)
	must(t, c.WaitTone(limit(t), 900))
	must(t, a.WaitTone(limit(t), 500))
	must(t, a.Hangup())
	ended(t, c)
}
