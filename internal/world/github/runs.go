package github

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

func stamp(t time.Time) string { return t.UTC().Truncate(time.Second).Format(time.RFC3339) }

func (s *Server) runShape(r *Run) map[string]any {
	var conclusion any
	if r.Status == "completed" {
		conclusion = r.Conclusion
	}
	actor, at := s.account(r.Actor, "User"), s.repo("actions/runs", r.ID)
	return with(with(addresses(at, runAddresses), times(r.Created, r.Updated)), map[string]any{
		"id": r.ID, "node_id": node("WFR", r.ID), "name": r.Path, "path": r.Path, "workflow_id": r.Workflow, "event": r.Event, "head_branch": r.Branch, "head_sha": r.SHA,
		"status": r.Status, "conclusion": conclusion, "actor": actor, "triggering_actor": actor, "run_attempt": r.Attempts, "run_number": 1,
		"run_started_at": stamp(r.Starts), "referenced_workflows": []any{}, "pull_requests": []any{}, "display_title": r.Event,
		"url": at, "html_url": s.page("actions/runs", r.ID), "workflow_url": s.repo("actions/workflows", r.Workflow),
		"check_suite_url": s.repo("check-suites", r.ID), "check_suite_id": r.ID, "check_suite_node_id": node("CS", r.ID), "previous_attempt_url": nil,
		"head_commit": s.commitOf(r.SHA, r.Actor, r.Created), "repository": s.summary(), "head_repository": s.summary(),
	})
}

const runAddresses = `
	jobs /jobs
	logs /logs
	artifacts /artifacts
	cancel /cancel
	rerun /rerun`

// listRuns serves runs newest first, of one workflow or of all. Source: GitHub
// REST reference, "List workflow runs for a repository".
func (s *Server) listRuns(r *http.Request) answer {
	q := r.URL.Query()
	only := int64(0)
	if r.PathValue("workflow") != "" {
		w := s.workflow(r)
		if w == nil {
			return fail(http.StatusNotFound, "Not Found")
		}
		only = w.ID
	}
	after, before, err := window(q.Get("created"))
	if err != nil {
		return fail(http.StatusUnprocessableEntity, err.Error())
	}
	list := []map[string]any{}
	for _, x := range slices.Backward(s.state.Runs) {
		at := x.Created.Truncate(time.Second)
		switch status := q.Get("status"); {
		case s.core.Now().Before(x.Shown), only != 0 && x.Workflow != only,
			status != "" && status != x.Status && (x.Status != "completed" || status != x.Conclusion),
			q.Get("event") != "" && q.Get("event") != x.Event, q.Get("branch") != "" && q.Get("branch") != x.Branch,
			!after.IsZero() && at.Before(after), !before.IsZero() && at.After(before):
			continue
		}
		list = append(list, s.runShape(x))
	}
	return listing(r, "workflow_runs", list)
}

// window reads GitHub's date filter: ">=T", "<=T" or "T..T".
func window(v string) (after, before time.Time, err error) {
	a, b, isRange := strings.Cut(v, "..")
	switch {
	case v == "":
	case isRange:
		if after, err = time.Parse(time.RFC3339, a); err == nil {
			before, err = time.Parse(time.RFC3339, b)
		}
	case strings.HasPrefix(v, ">="):
		after, err = time.Parse(time.RFC3339, v[2:])
	case strings.HasPrefix(v, "<="):
		before, err = time.Parse(time.RFC3339, v[2:])
	default:
		after, err = time.Parse(time.RFC3339, v)
		before = after
	}
	return after, before, err
}

func (s *Server) theRun(r *http.Request) *Run {
	id, err := strconv.ParseInt(r.PathValue("run"), 10, 64)
	if err != nil {
		return nil
	}
	return s.state.run(id)
}

func (s *Server) getRun(r *http.Request) answer {
	x := s.theRun(r)
	if x == nil {
		return fail(http.StatusNotFound, "Not Found")
	}
	return ok(s.runShape(x))
}

func (s *Server) jobs(r *http.Request) answer {
	x := s.theRun(r)
	if x == nil {
		return fail(http.StatusNotFound, "Not Found")
	}
	list := []map[string]any{}
	for _, j := range x.Jobs {
		list = append(list, s.jobShape(x, j))
	}
	return listing(r, "jobs", list)
}

func (s *Server) jobShape(x *Run, j Job) map[string]any {
	var conclusion, ended any
	if j.Status == "completed" {
		conclusion, ended = j.Conclusion, stamp(x.Updated)
	}
	name := x.Path
	if w := s.byPath(x.Path); w != nil {
		name = w.Name
	}
	o := map[string]any{
		"id": j.ID, "node_id": node("CR", j.ID), "run_id": x.ID, "name": j.Name, "status": j.Status, "conclusion": conclusion, "run_attempt": x.Attempts,
		"head_sha": x.SHA, "head_branch": x.Branch, "workflow_name": name, "labels": []string{"ubuntu-latest"},
		"created_at": stamp(x.Created), "started_at": stamp(x.Starts), "completed_at": ended,
		"url": s.repo("actions/jobs", j.ID), "html_url": s.page("actions/runs", x.ID, "job", j.ID),
		"run_url": s.repo("actions/runs", x.ID), "check_run_url": s.repo("check-runs", j.ID),
	}
	for _, none := range []string{"runner_id", "runner_name", "runner_group_id", "runner_group_name"} {
		o[none] = nil
	}
	return o
}

// cancel accepts and may be ignored; force-cancel always ends the run.
func (s *Server) cancel(r *http.Request) answer      { return s.end(r, false) }
func (s *Server) forceCancel(r *http.Request) answer { return s.end(r, true) }

func (s *Server) end(r *http.Request, force bool) answer {
	x := s.theRun(r)
	if x == nil {
		return fail(http.StatusNotFound, "Not Found")
	}
	if x.Status == "completed" {
		return fail(http.StatusConflict, "Cannot cancel a workflow run that is completed.")
	}
	if force || !x.IgnoresCancel {
		at := s.core.Now().Add(cmp.Or(s.core.Delay("github run"), 2*time.Second))
		if x.Ends.IsZero() || at.Before(x.Ends) || x.EndsAs != "cancelled" {
			x.Ends, x.EndsAs = at, "cancelled"
		}
	}
	return answer{status: http.StatusAccepted, body: struct{}{}}
}

// dispatch starts a run. Source: GitHub REST reference, "Create a workflow dispatch
// event"; return_run_details asks for 200 with the run's id instead of 204.
func (s *Server) dispatch(r *http.Request) answer {
	var in struct {
		Ref     string         `json:"ref"`
		Inputs  map[string]any `json:"inputs"`
		Details bool           `json:"return_run_details"`
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		return fail(http.StatusBadRequest, "Problems parsing JSON")
	}
	w := s.workflow(r)
	if w == nil {
		return fail(http.StatusNotFound, "Not Found")
	}
	b := s.state.branch(strings.TrimPrefix(in.Ref, "refs/heads/"))
	if b == nil {
		return fail(http.StatusUnprocessableEntity, "No ref found for: "+in.Ref)
	}
	if !s.actionsRun() {
		return fail(http.StatusUnprocessableEntity, "Actions has been disabled for this repository")
	}
	if w.State.Is != "active" {
		return fail(http.StatusUnprocessableEntity, "Cannot trigger a 'workflow_dispatch' on a disabled workflow")
	}
	if !starts(b.Files[w.Path], "workflow_dispatch") {
		return fail(http.StatusUnprocessableEntity, "Workflow does not have 'workflow_dispatch' trigger")
	}
	now := s.core.Now()
	delay := s.core.Delay("github dispatch")
	takes := cmp.Or(s.core.Delay("github build"), 20*time.Second)
	x := &Run{
		ID: s.core.ID(), Workflow: w.ID, Path: w.Path, Event: "workflow_dispatch", Branch: b.Name, SHA: b.SHA, Status: "queued",
		Actor: s.login(r), Attempts: 1, Created: now, Updated: now, Shown: now.Add(delay), Starts: now.Add(delay + takes/10),
		Ends: now.Add(delay + takes), Purpose: "dispatch", Files: b.Files[w.Path], Log: "dispatched",
		Jobs: []Job{{ID: s.core.ID(), Name: "build", Status: "queued"}},
	}
	s.state.Runs = append(s.state.Runs, x)
	if !in.Details {
		return empty(http.StatusNoContent)
	}
	return ok(map[string]any{"workflow_run_id": x.ID, "run_url": s.repo("actions/runs", x.ID), "html_url": s.page("actions/runs", x.ID)})
}

func (s *Server) login(r *http.Request) string {
	for _, t := range s.state.Tokens {
		if t.Value == presented(r) {
			return t.Login
		}
	}
	return "ghost"
}
