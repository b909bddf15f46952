package trust

import (
	"fmt"
	"slices"
	"strings"
)

// Door is who a statement lets in, whether or not there is such a workflow yet. Each part
// is a pattern, "*" where nothing is asked for.
type Door struct {
	Statement                                  int
	Repository, Ref, Environment, Workflow, By string
}

// Doors are the ways into a role by GitHub's tokens: a new file pushed where one of them
// leads is let in like those that are there.
func (p *Policy) Doors() []Door {
	var out []Door
	for i := range p.Statements {
		s := &p.Statements[i]
		if s.Effect != "Allow" || !s.Anybody && !p.federated(s) || !anyMatch(s.Actions, "sts:AssumeRoleWithWebIdentity") {
			continue
		}
		d := []Door{{Statement: i + 1, Repository: "*", Ref: "*", Environment: "*", Workflow: "*"}}
		for _, c := range s.Conditions {
			o := parseOperator(c.Operator)
			claim, known, _ := claimOf(c.Key, p.issuer)
			if !known || o.all || o.ifExists || o.negative || o.null || o.compare == nil {
				continue // it restricts nobody, or only keeps some out
			}
			d = each(d, c.Values, claim)
		}
		out = append(out, d...)
	}
	return out
}

// maxDoors bounds how many are told of one statement.
const maxDoors = 64

// each makes a door for each of the values.
func each(doors []Door, values []string, claim string) []Door {
	var out []Door
	for _, d := range doors {
		for _, v := range values {
			n := d
			switch claim {
			case "sub":
				n.bySubject(v)
			case "repository":
				n.Repository = v
			case "repository_id", "repository_owner_id", "enterprise_id":
				n.By = strings.ReplaceAll(claim, "_", " ") + " " + v
			case "ref":
				n.Ref = v
			case "environment":
				n.Environment = v
			case "job_workflow_ref":
				n.Workflow = v
			}
			if !slices.Contains(out, n) && len(out) < maxDoors {
				out = append(out, n)
			}
		}
	}
	return out
}

func (d *Door) bySubject(v string) {
	rest, ok := strings.CutPrefix(v, "repo:")
	if !ok {
		d.By = "subject " + v
		return
	}
	name, context, _ := strings.Cut(rest, ":")
	d.Repository = name
	if kind, value, _ := strings.Cut(context, ":"); kind == "ref" {
		d.Ref = value
	} else if kind == "environment" {
		d.Environment = value
	} else if context == "pull_request" {
		d.Ref = "refs/pull/*/merge"
	}
}

// String says in a sentence who gets in.
func (d Door) String() string {
	who := "any workflow file"
	if d.Workflow != "*" {
		who = "workflow " + d.Workflow
	}
	where := "of repository " + d.Repository
	switch {
	case d.Repository == "*" && d.By != "":
		where = "of a repository with " + d.By
	case d.Repository == "*":
		where = "of any repository at GitHub"
	case strings.ContainsAny(d.Repository, "*?"):
		where = "of any repository like " + d.Repository
	}
	at := "on any branch or tag"
	switch {
	case d.Ref == "refs/pull/*/merge":
		at = "on any pull request"
	case d.Ref != "*":
		at = "on " + d.Ref
	}
	if d.Environment != "*" {
		at += ", in environment " + d.Environment
	}
	return fmt.Sprintf("%s %s, %s (statement %d)", who, where, at, d.Statement)
}
