// Package call is what a call is and how it moves: values, state tables and
// decisions, and nothing that reaches the world. It imports no context, clock,
// store or switch; orchestrator/engine runs what is decided here.
//
// A call has legs (its customer, and an agent or an outside number), rooms
// (bridges of the PBX), visits (stays in a queue) and a list of commands that
// were decided and are not confirmed yet (Todo). Rules.Decide turns a call, some
// inputs and the time into the next call and its journal entries. Call and
// entries are stored in one step; only then the new commands of Todo are run,
// in order, and what comes of each returns as an input that names its number
// and takes it off the list. Who takes a call over runs what is left on it.
//
// A command has one of three outcomes. Done and refused are inputs. Unknown
// (the PBX does not answer) is none: the command stays, and while it does the
// call's clock stands still (Call.AwaySince), so that no menu runs through its
// retries unheard.
package call
