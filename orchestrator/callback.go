package orchestrator

// CallbackOp is what a flow wants of callbacks. A callback is a customer who is
// called when it is their turn in a queue, instead of waiting on the line.
type CallbackOp string

// Operations, with their results.
const (
	CallbackAsk    CallbackOp = "ask"    // the number is to be called: ok, pending, denied, failed
	CallbackLook   CallbackOp = "look"   // is it to be called already? pending, none, failed
	CallbackResume CallbackOp = "resume" // the caller waits on the line again, at the place of the callback: ok, none, failed
	CallbackCancel CallbackOp = "cancel" // it is not to be called any more: ok, none, failed
)

// CallbackResult is what came of it. The strings are outcome edges of flows.
type CallbackResult string

// Results.
const (
	CallbackOK      CallbackResult = "ok"
	CallbackPending CallbackResult = "pending" // the number is to be called for that queue already
	CallbackNone    CallbackResult = "none"    // it is not
	CallbackDenied  CallbackResult = "denied"  // the gate forbids the number, or the queue calls nobody back
	CallbackFailed  CallbackResult = "failed"
)
