package api

import (
	"fmt"
	"net/http"

	"github.com/labstack/echo/v4"
)

// operations is the Server seen from openapi.yaml: one method for each
// operation. Requests that come here are as the document says, and of an asker
// who may send them.
type operations struct{ *Server }

var _ StrictServerInterface = operations{}

// registrar takes the generated table of routes and lays around each handler
// what openapi.yaml says of its operation. Whatever the document does not know
// is refused, so that no route can go round it.
type registrar struct {
	EchoRouter
	*Server
	echo *echo.Echo
}

// register puts every operation into the router.
func (s *Server) register(e *echo.Echo) {
	RegisterHandlers(registrar{Server: s, echo: e}, NewStrictHandler(operations{s}, nil))
}

func (r registrar) add(method, path string, h echo.HandlerFunc) *echo.Route {
	o := r.operationOf(method, path)
	if o == nil {
		panic(fmt.Sprintf("%s %s is not in openapi.yaml: go generate ./api", method, path))
	}
	return r.echo.Add(method, path, r.measure(o, r.bound(o, r.guard(o, r.checked(o, h)))))
}

// GET implements EchoRouter.
func (r registrar) GET(path string, h echo.HandlerFunc, _ ...echo.MiddlewareFunc) *echo.Route {
	return r.add(http.MethodGet, path, h)
}

// HEAD implements EchoRouter.
func (r registrar) HEAD(path string, h echo.HandlerFunc, _ ...echo.MiddlewareFunc) *echo.Route {
	return r.add(http.MethodHead, path, h)
}

// POST implements EchoRouter.
func (r registrar) POST(path string, h echo.HandlerFunc, _ ...echo.MiddlewareFunc) *echo.Route {
	return r.add(http.MethodPost, path, h)
}

// PUT implements EchoRouter.
func (r registrar) PUT(path string, h echo.HandlerFunc, _ ...echo.MiddlewareFunc) *echo.Route {
	return r.add(http.MethodPut, path, h)
}

// PATCH implements EchoRouter.
func (r registrar) PATCH(path string, h echo.HandlerFunc, _ ...echo.MiddlewareFunc) *echo.Route {
	return r.add(http.MethodPatch, path, h)
}

// DELETE implements EchoRouter.
func (r registrar) DELETE(path string, h echo.HandlerFunc, _ ...echo.MiddlewareFunc) *echo.Route {
	return r.add(http.MethodDelete, path, h)
}
