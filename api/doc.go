// Package api serves operadora over HTTP: agents, queues, calls, contacts,
// recordings, definitions and a stream of changes, described by openapi.yaml.
//
// One table (routes.go) lists every route with the roles that may use it; what
// is not in it is refused. One map (errors.go) turns fault kinds into statuses.
// What the API needs of the rest is declared in parts.go; cmd joins it. The
// package imports orchestrator and orchestrator/records, never acd, ivr, dialer
// or cmd. A Server may be started and stopped from any goroutine.
package api
