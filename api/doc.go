// Package api serves operadora over HTTP: agents, queues, calls, contacts,
// recordings, definitions and a stream of changes, described by openapi.yaml.
//
// openapi.yaml is the source: from it are generated what is said (wire), the
// interface that the operations implement and their binding (server.gen.go), and
// the client (client). Who may use an operation stands there too, and a request
// is checked against it before its handler runs (access.go, check.go). One map
// (errors.go) turns fault kinds into problems. What the API needs of the rest is
// declared in parts.go; cmd joins it. The package imports orchestrator,
// orchestrator/records, and of acd and dialer what reports and leads are; never cmd. A Server may be started
// and stopped from any goroutine.
package api
