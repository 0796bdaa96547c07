// Package flowfile reads what an administrator writes for package ivr: flows,
// calendars and dialled numbers in YAML. Their shapes, with what each key is for
// and may be, are in shape.go and are read by orchestrator/yamlfile. A reference to
// nothing is a fault with file, line, column and node too, and all of them are
// reported at once, each cause once.
//
// Load reads a whole folder's worth and vouches for what it returns: a set
// with an E fault must not be used. It opens no files and talks to nobody;
// what exists elsewhere (queues, sounds on the PBX) is asked through Known.
//
// # A flow
//
//	flow: ventas                 # its name
//	version: "7"                 # a label for people
//	language: es                 # where calls begin and what is fallen back to
//	languages: [es, en]          # every prompt must speak them
//	start: bienvenida            # a node
//	params: [cliente]            # of a sub-flow: variables its caller gives
//	defaults: {barge_in: true, first_digit: 5s, inter_digit: 3s, retries: 2, on_error: operadora}
//	prompts:
//	  hola: custom/hola          # one name, recorded in every language
//	  menu: {es: custom/menu, en: [custom/menu-1, custom/menu-2], text: {es: "…", en: "…"}}
//	nodes:
//	  bienvenida: {type: play, prompt: hola, next: menu}
//	  …
//
// A node has a type, and edges from its outcomes to other nodes: "on:
// {outcome: node}", or "next: node" for the outcome next. The target "end"
// hangs up. An outcome of trouble without an edge goes to the edge "fail" of
// its node, then to on_error. What is played is a prompt's key or a list of
// keys, {say: {digits|number|date|time|money: "{{variable}}"}}, {sound: name}
// and {tone: name}.
//
//	type      keys (besides type, on, next)                                    outcomes
//	answer                                                                     next
//	play      prompt, barge_in                                                 next
//	say       digits|number|date|time|money, gender, currency, barge_in        next
//	menu      prompt, reprompt, noinput, nomatch, keys, barge_in, flush,       the keys; noinput, nomatch; fail
//	          first_digit, inter_digit, retries
//	gather    as menu without keys; digits {min, max, terminator, allowed},    ok; noinput, nomatch; fail
//	          var, mask, confirm {prompt, yes, no}
//	set       vars, language                                                   next
//	switch    cases [{var, equals|not_equals|in|prefix|matches|at_least|       the cases' next; else
//	          at_most|set, next}], else
//	hours     calendar                                                         open, closed, holiday, holiday:<name>
//	queue     queue, priority, max_wait, exit_key                              served (hangs up), timeout, full,
//	                                                                           no_agents, exit, error; fail
//	record    max, silence, terminator, beep, format                           next, failed
//	transfer  to, timeout                                                      served (hangs up), busy, no_answer,
//	                                                                           denied, failed
//	call      flow, params, save                                               what the flow returns; error
//	return    outcome, values
//	agent     op, agent, pin, reason, disposition                                 ok, later, already, unknown, bad_pin, …; fail
//	continue  context, extension
//	hangup    cause, outcome
//
// reprompt, noinput and nomatch hold one list for every further attempt, or a
// list of lists, one for each ("tapered"). Keys pressed before a question is
// asked answer it, unless it says flush: true.
//
// Variables are texts: those that gather, set and call make, a sub-flow's
// params, and call.caller, call.name, call.did, call.language, call.pbx,
// call.id; for feature codes also args.operation, args.endpoint, args.digits, and,
// after an agent node, agent.state.
package flowfile
