package orchestrator

import "context"

// Devices learns what a PBX says of a phone. acd implements it.
type Devices interface {
	Device(ctx context.Context, pbx, endpoint string, state DeviceState) error
	// Endpoints lists the phones of a PBX that are worth watching.
	Endpoints(pbx string) []string
	// Shared lists those of them that are rung from other PBXs, too.
	Shared(pbx string) []string
}
