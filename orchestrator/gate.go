package orchestrator

// Gate is asked before every outbound leg, whoever wants it. orchestrator/gate
// implements it.
type Gate interface {
	// Endpoint checks a phone of our own configuration.
	Endpoint(pbx, endpoint string) error
	// Destination checks a number and gives the endpoint that reaches it. Deny is an error of kind Denied.
	Destination(pbx, number string) (endpoint string, err error)
}
