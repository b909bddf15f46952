package github

import (
	"net/http"
	"slices"
	"strconv"
)

func (s *Server) runnerRoutes() []route {
	var all []route
	for _, x := range []struct{ path, call, permission string }{
		{"/repos/{owner}/{repo}", "runner", "administration"},
		{"/orgs/{org}", "organization runner", "organization_self_hosted_runners"},
	} {
		all = append(all,
			route{"GET " + x.path + "/actions/runners", "GET " + x.call + "s", x.permission + "=read", s.listRunners},
			route{"DELETE " + x.path + "/actions/runners/{runner}", "DELETE " + x.call, x.permission + "=write", s.deleteRunner},
		)
	}
	return all
}

// runnersOf are the ones a request is about: the repository's, or the organization's.
func (s *Server) runnersOf(r *http.Request) *[]Runner {
	if r.PathValue("org") != "" {
		return &s.state.Organization.Runners
	}
	return &s.state.Runners
}

func (s *Server) listRunners(r *http.Request) answer {
	list := []map[string]any{}
	for _, x := range *s.runnersOf(r) {
		list = append(list, s.runnerShape(x))
	}
	return listing(r, "runners", list)
}

func (s *Server) runnerShape(x Runner) map[string]any {
	labels := []map[string]any{}
	for _, l := range x.Labels {
		labels = append(labels, map[string]any{"name": l, "type": "custom"})
	}
	return map[string]any{"id": x.ID, "name": x.Name, "os": "linux", "status": x.Status, "busy": s.busy(x), "labels": labels, "ephemeral": x.Ephemeral}
}

// busy: a runner that has a job is free again when no job of the repository runs.
func (s *Server) busy(x Runner) bool {
	s.advance(s.core.Now())
	return x.Busy && x.Status == "online" && slices.ContainsFunc(s.state.Runs, func(r *Run) bool { return r.Status != "completed" })
}

// deleteRunner refuses one that runs a job.
// Source: GitHub REST reference, "Delete a self-hosted runner from a repository", 422.
func (s *Server) deleteRunner(r *http.Request) answer {
	at := s.runnersOf(r)
	i := slices.IndexFunc(*at, func(x Runner) bool { return strconv.FormatInt(x.ID, 10) == r.PathValue("runner") })
	switch {
	case i < 0:
		return fail(http.StatusNotFound, "Not Found")
	case s.busy((*at)[i]):
		return fail(http.StatusUnprocessableEntity, "Bad request - Runner \""+(*at)[i].Name+"\" is still running a job\"")
	}
	*at = slices.Delete(*at, i, i+1)
	return empty(http.StatusNoContent)
}

// Disconnect is somebody taking a runner's machine off the network. It says whether
// there is such a runner.
func (s *Server) Disconnect(name string) bool {
	found := false
	for _, all := range [][]Runner{s.state.Runners, s.state.Organization.Runners} {
		for i := range all {
			if all[i].Name == name {
				all[i].Status, found = "offline", true
			}
		}
	}
	if found && !slices.Contains(s.state.Unplugged, name) {
		s.state.Unplugged = append(s.state.Unplugged, name)
	}
	return found
}

// Connected says whether a runner's machine is on the network, registered or not.
func (s *Server) Connected(name string) bool { return !slices.Contains(s.state.Unplugged, name) }

// RunnerStatus is a runner's status, "" when it is not registered.
func (s *Server) RunnerStatus(name string) string {
	for _, x := range slices.Concat(s.state.Runners, s.state.Organization.Runners) {
		if x.Name == name {
			return x.Status
		}
	}
	return ""
}
