// Package wire holds what the API and its clients say to one another, generated
// from openapi.yaml (go generate ./api). It imports nothing of operadora, and is
// imported by the server, by the client and by whoever shows what it says.
package wire
