// Package lab starts the real parts that tests, benches and the demo run on,
// each private to its user and bound to loopback: an Asterisk with a generated
// configuration, a redis-server, SIPp, and telephones driven from Go.
//
// The programs come from the folder that `make setup` builds (see setup.sh);
// Dir finds it. Several instances of everything run side by side on one
// machine, in one process or in many. What the package starts ends with the
// process that started it, killed or not, unless its options say otherwise.
//
// A test of a whole call reads like this:
//
//	a := lab.AsteriskFor(t, lab.AsteriskOptions{Endpoints: lab.Desk(101, 120)})
//	agent, err := a.Phone(ctx, "101") // registered
//	agent.OnInvite(lab.AnswerAfter(0))
//	caller, err := a.Caller("5551234")
//	call, err := caller.Dial(ctx, "5000", lab.DialOptions{})
//	call.SendDTMF("1")
//	served, err := agent.NextCall(ctx)
//	served.PlayTone(600)
//	err = call.WaitTone(ctx, 600) // audio flows
//	call.Hangup()
//	end, err := served.WaitEnd(ctx)
//
// Callers arrive in context from-trunk, which sends every number to
// operadora-inbound; phones start in from-phones, which has the feature codes,
// the lamps, each other, and EchoExtension, ToneExtension and DigitExtension.
// Prompts of both languages are there as operadora/<name>: see prompts.tsv.
//
// The package is a leaf: of operadora it imports only dialplans, whose files
// its Asterisk includes, so that what is tested is what is printed. Its methods
// are safe for concurrent use unless they say otherwise.
package lab
