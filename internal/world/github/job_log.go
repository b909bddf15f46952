package github

import (
	"net/http"
	"strconv"
)

// jobLog answers with an address of one job's log as text. Source: GitHub REST
// reference, "Download job logs for a workflow run"; 404 while the job runs.
func (s *Server) jobLog(r *http.Request) answer {
	id, err := strconv.ParseInt(r.PathValue("job"), 10, 64)
	if err != nil {
		return fail(http.StatusNotFound, "Not Found")
	}
	for _, x := range s.state.Runs {
		for _, j := range x.Jobs {
			switch {
			case j.ID != id:
			case j.Status != "completed":
				return fail(http.StatusNotFound, "Not Found")
			case x.Expired:
				return fail(http.StatusGone, "Gone")
			default:
				return s.lend(r, link{Kind: "job-log", Object: x.ID})
			}
		}
	}
	return fail(http.StatusNotFound, "Not Found")
}

// pendingDeployments names the environments whose reviewers a waiting run waits for.
// Source: GitHub REST reference, "Get pending deployments for a workflow run".
func (s *Server) pendingDeployments(r *http.Request) answer {
	x := s.theRun(r)
	if x == nil {
		return fail(http.StatusNotFound, "Not Found")
	}
	list := []map[string]any{}
	for i, e := range s.state.Environments {
		if x.Status != "waiting" || len(e.Reviewers) == 0 {
			continue
		}
		list = append(list, map[string]any{
			"environment": map[string]any{"id": i + 1, "node_id": "EN_1", "name": e.Name, "url": "", "html_url": ""},
			"wait_timer":  0, "wait_timer_started_at": nil, "current_user_can_approve": false, "reviewers": []any{},
		})
	}
	return ok(list)
}
