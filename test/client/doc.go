// Package client is a client of the JSON API that a generator made from
// api/openapi.yaml alone. It is a module of its own, so that the generator's
// dependencies are not the server's. client.gen.go is made anew for each run of
// its test (make client) and kept by nobody: what a reader of our description
// gets is what is tested.
package client

//go:generate go tool oapi-codegen -config oapi-codegen.yaml ../../api/openapi.yaml
