package api

import (
	"net/http"

	"github.com/labstack/echo/v4"
)

const prefix = "/api/v1"

// route is one line of the table of routes.
type route struct {
	method, path string // path in echo's form: /agents/:agent
	access       access
	handle       echo.HandlerFunc
	stream       bool // no deadline, and not timed
}

// routes is the whole API. A route that is not here does not exist, and one
// whose access is left out lets nobody in.
func (s *Server) routes() []route {
	const get, post, del, head = http.MethodGet, http.MethodPost, http.MethodDelete, http.MethodHead
	return []route{
		{method: get, path: "/livez", access: public, handle: s.livez},
		{method: get, path: "/readyz", access: public, handle: s.readyz},
		{method: get, path: "/version", access: public, handle: s.version},
		{method: get, path: "/metrics", access: s.metricsAccess(), handle: s.showMetrics},
		{method: get, path: "/openapi.yaml", access: public, handle: s.showSpec},
		{method: get, path: "/docs", access: public, handle: s.showDocs},

		{method: post, path: prefix + "/session", access: public, handle: s.postSession},
		{method: del, path: prefix + "/session", access: public, handle: s.deleteSession},
		{method: get, path: prefix + "/me", access: everybody, handle: s.getMe},

		{method: get, path: prefix + "/agents", access: everybody, handle: s.listAgents},
		{method: get, path: prefix + "/agents/:agent", access: everybody, handle: s.getAgent},
		{method: get, path: prefix + "/agents/:agent/states", access: leadersOrSelf, handle: s.listAgentStates},
		{method: post, path: prefix + "/agents/:agent/login", access: leadersOrSelf, handle: s.agentLogin},
		{method: post, path: prefix + "/agents/:agent/logout", access: leadersOrSelf, handle: s.agentLogout},
		{method: post, path: prefix + "/agents/:agent/pause", access: leadersOrSelf, handle: s.agentPause},
		{method: post, path: prefix + "/agents/:agent/resume", access: leadersOrSelf, handle: s.agentResume},
		{method: post, path: prefix + "/agents/:agent/dispose", access: leadersOrSelf, handle: s.agentDispose},

		{method: get, path: prefix + "/queues", access: everybody, handle: s.listQueues},
		{method: get, path: prefix + "/queues/:queue", access: everybody, handle: s.getQueue},

		{method: get, path: prefix + "/calls", access: everybody, handle: s.listCalls},
		{method: get, path: prefix + "/calls/:call", access: readers, handle: s.getCall},
		{method: post, path: prefix + "/calls/:call/hangup", access: leadersAndAgents, handle: s.hangupCall},

		{method: get, path: prefix + "/contacts", access: readers, handle: s.listContacts},
		{method: get, path: prefix + "/contacts.csv", access: leaders, handle: s.exportContacts, stream: true},
		{method: get, path: prefix + "/contacts/:call", access: readers, handle: s.getContact},

		{method: get, path: prefix + "/recordings", access: leaders, handle: s.listRecordings},
		{method: get, path: prefix + "/recordings/:recording", access: leaders, handle: s.getRecording},
		{method: get, path: prefix + "/recordings/:recording/audio", access: leaders, handle: s.playRecording, stream: true},
		{method: head, path: prefix + "/recordings/:recording/audio", access: leaders, handle: s.playRecording},
		{method: post, path: prefix + "/recordings/:recording/mute", access: leadersAndAgents, handle: s.muteRecording},
		{method: post, path: prefix + "/recordings/:recording/unmute", access: leadersAndAgents, handle: s.unmuteRecording},
		{method: del, path: prefix + "/recordings/:recording", access: admins, handle: s.deleteRecording},

		{method: get, path: prefix + "/reports/service", access: figures, handle: s.reportService},
		{method: get, path: prefix + "/definitions", access: planners, handle: s.getDefinitions},
		{method: get, path: prefix + "/audit", access: admins, handle: s.listAudit},
		{method: get, path: prefix + "/events", access: everybody, handle: s.events, stream: true},
	}
}

func (s *Server) metricsAccess() access {
	if s.cfg.OpenMetrics {
		return public
	}
	return access{roles: []Role{RoleAdmin, RoleSupervisor, RoleWallboard}}
}

// register puts the table into the router.
func (s *Server) register(e *echo.Echo) {
	for _, r := range s.routes() {
		e.Add(r.method, r.path, s.measure(r, s.bound(r, s.guard(r.access, r.handle))))
	}
}
