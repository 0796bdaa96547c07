package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/mailer/mailtest"
)

// TestAMessageIsMailedOverAKill: a caller leaves a message, the mail server asks to come
// back later, operadora is killed, and the next one tells of the message, once, with its sound.
func TestAMessageIsMailedOverAKill(t *testing.T) {
	t.Parallel()
	server := mailtest.New(t, false)
	server.User, server.Password = "operadora", "secret-of-the-mail"
	server.Fail(mailtest.Fault{At: mailtest.Rcpt, Say: "451 4.7.1 greylisted"})
	config := fmt.Sprintf("mail: {host: %s, port: %d, tls_ca: %s, user: operadora, password: secret-of-the-mail, from: operadora@example.com}\n", server.Host, server.Port, server.CA)
	r := newRig(t, rigOptions{agents: 1, config: config, files: map[string]string{
		"mailboxes.yaml":  "mailboxes:\n  sales: {to: [ana.perez@example.com], language: en}\n",
		"flows/line.yaml": strings.Replace(rigFlow, "{type: record,", "{type: record, mailbox: sales,", 1),
	}})
	r.start()
	c := r.call("5550001", "5000")
	must(t, c.SendDTMF("2"))
	r.awaitEntry(orchestrator.EntryCallRecording, 1)
	c.PlayTone(700)
	talk := time.NewTimer(3 * time.Second)
	<-talk.C
	must(t, c.SendDTMF("#"))
	ended(t, c)
	r.waitLog(0, "greylisted")
	r.kill()
	r.start()
	r.awaitEntry(orchestrator.EntryCallMailed, 1)
	mails := server.Mails()
	if len(mails) != 1 || mails[0].To != "ana.perez@example.com" || !strings.Contains(mails[0].Text, "5550001") || !strings.Contains(mails[0].Text, "audio/wave") {
		t.Fatalf("mails: %+v", mails)
	}
	r.told(orchestrator.EntryCallMailed, `"result":"sent"`, `"to":"a***@example.com"`, `"attempts":2`, `"sound":true`)
	if log := r.Log.Text(); strings.Contains(log, "secret-of-the-mail") || strings.Contains(log, "ana.perez@") {
		t.Error("the log has a password, or whom the mail went to")
	}
}
