package orchestrator

// Dialling is a call that an agent wants to make on behalf of a queue, or takes over. The agent
// is named by id, or by the phone that the number was dialled at.
type Dialling struct {
	Call     string `json:"call"`
	PBX      string `json:"pbx"`
	Visit    int    `json:"visit"` // the number under which the queue gets it
	Agent    string `json:"agent,omitempty"`
	Endpoint string `json:"endpoint,omitempty"` // the phone is in the call already
	Queue    string `json:"queue,omitempty"`    // "": the one of Code or, without that, the agent's first
	Code     string `json:"code,omitempty"`     // what was dialled for the queue
	By       string `json:"by"`                 // who asked, for the journal
	Free     bool   `json:"free,omitempty"`     // the agent must be free: who is paused, or wraps up, is not to be had
	Over     bool   `json:"over,omitempty"`     // not made but taken over, in the midst of it, from an agent of Queue, which the agent need not serve
}

// Dialled is what came of it: with AgentOK the agent is held by an offer that
// counts as answered, and the queue says how it is called.
type Dialled struct {
	Result AgentResult
	Offer  *Offer
	Plan   QueuePlan
}
