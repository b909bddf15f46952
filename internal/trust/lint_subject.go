package trust

import (
	"slices"
	"strings"
)

// subject judges one value of a demand on sub.
func (l *lint) subject(c Condition, v string) {
	pattern := strings.Contains(strings.ToLower(c.Operator), "like")
	if !pattern {
		if strings.Contains(v, "*") {
			l.add("trust-misspelt-key", inform, "use StringLike, or write the subject out", "%s compares the * of %s as a character: it never holds", c.Operator, v)
			return
		}
	}
	rest, repo := strings.CutPrefix(v, "repo:")
	switch {
	case !repo && pattern && strings.HasPrefix(v, "*"), v == "repo*", v == "repo:":
		l.add("trust-any-owner", anybody, narrow, "%s lets in every GitHub user", v)
		return
	case !repo:
		key, _, _ := strings.Cut(v, ":")
		if (Subject{Keys: []string{key}}).Choosable() {
			l.add("trust-choosable-subject", anybody, "begin the subject template with repo or repository_id", "%s begins with %s, which anybody can choose in a repository of their own", v, key)
		}
		return
	}
	name, context := rest, ""
	if i := strings.IndexByte(rest, ':'); i >= 0 {
		name, context = rest[:i], rest[i+1:]
	}
	if !l.repository(name, v, pattern) {
		return
	}
	l.context(name, context, v, pattern)
}

// repository judges the owner and name of a value; false when that is already all.
func (l *lint) repository(name, v string, pattern bool) bool {
	owner, repo, slash := strings.Cut(name, "/")
	if !pattern {
		l.spelling(name)
		return slash
	}
	switch {
	case strings.HasPrefix(owner, "*"):
		l.add("trust-any-owner", anybody, narrow, "%s lets in every GitHub user", v)
		return false
	case strings.Contains(owner, "@*") && strings.Contains(repo, "@*") && !wild(strings.ReplaceAll(owner, "@*", "")):
		l.add("trust-id-wildcard", weak, "write the ids out", "%s leaves the ids open, which binds it to the names alone", v)
		name = strings.ReplaceAll(name, "@*", "")
		owner, repo, _ = strings.Cut(name, "/")
	case wild(owner):
		l.add("trust-owner-wildcard", anybody, narrow, "%s also matches owners whose name only begins like that", v)
		return false
	}
	switch {
	case !slash:
		l.add("trust-owner-wildcard", anybody, narrow, "%s names no repository", v)
		return false
	case repo == "*" || strings.HasPrefix(repo, "*"):
		l.add("trust-whole-owner", wide, narrow, "%s lets in every repository of the owner, those yet to be made included", v)
		return false
	case wild(repo):
		l.add("trust-repository-wildcard", wide, narrow, "%s also matches repositories whose name only begins like that", v)
		return !strings.HasSuffix(repo, "*") || strings.Contains(v, repo+":")
	}
	l.spelling(name)
	return true
}

// spelling tells of a name that differs from the real one by case alone, and of a
// subject by names where the repository's has ids.
func (l *lint) spelling(name string) {
	plain := name
	if o, r, ok := strings.Cut(name, "/"); ok && strings.Contains(o, "@") {
		o, _, _ = strings.Cut(o, "@")
		r, _, _ = strings.Cut(r, "@")
		plain = o + "/" + r
	}
	r, ok := l.around.Repositories[strings.ToLower(plain)]
	if !ok {
		return
	}
	if r.FullName != plain {
		l.add("trust-case", inform, "write "+r.FullName, "%s is %s at GitHub, and case counts here: it never holds", plain, r.FullName)
	}
	if plain == name && (r.Subject.Immutable || strings.Contains(r.Subject.Prefix, "@")) {
		l.add("trust-mutable-subject", weak, "write "+r.Subject.Prefix, "%s is written by name, and the repository's subjects have ids: it never holds", name)
	}
}

// context judges what follows the repository in a subject.
func (l *lint) context(name, context, v string, pattern bool) {
	kind, value, _ := strings.Cut(context, ":")
	bound := len(l.b["ref"])+len(l.b["environment"]) > 0
	switch {
	case context == "pull_request":
		l.add("trust-pull-request", wide, "let pull requests become a role that may only read", "%s lets in the pull requests of everybody who may push a branch", v)
	case (context == "" || strings.HasPrefix(context, "*")) && pattern:
		if !bound {
			l.add("trust-whole-repository", wide, narrow, "%s lets in any branch, tag, pull request and environment", v)
		}
	case kind == "ref" && pattern && wild(value):
		l.add("trust-ref-wildcard", wide, "name one protected branch, or an environment", "%s lets in refs that anybody who may push can make", v)
	case kind == "environment" && pattern && wild(value):
		l.add("trust-ref-wildcard", wide, "name one protected environment", "%s lets in environments that any workflow can name", v)
	case kind == "environment":
		l.environment(name, value)
	}
}

// environment tells of one that any branch can name.
func (l *lint) environment(name, environment string) {
	r, surveyed := l.around.Repositories[strings.ToLower(name)]
	if !surveyed {
		return
	}
	if protected, exists := r.Protected[environment]; !exists {
		l.add("trust-environment-unprotected", weak, "make the environment, with a branch policy and reviewers", "environment %s is not there: a workflow that names it makes it, on any branch", environment)
	} else if !protected {
		l.add("trust-environment-unprotected", weak, "give the environment a branch policy or reviewers", "environment %s has no branch policy and no reviewer: any branch that names it gets in", environment)
	}
}

// rest judges what binds a statement to a workflow.
func (l *lint) rest() {
	called := l.b["job_workflow_ref"]
	for _, c := range called {
		for _, v := range c.Values {
			file, ref, at := strings.Cut(v, "@")
			switch {
			case !at || strings.HasPrefix(ref, "*") || ref == "refs/*":
				l.add("trust-called-workflow", weak, "name one protected ref behind the @", "%s lets in the file as it is on any branch", v)
			case wild(file):
				l.add("trust-called-workflow", weak, "name one file", "%s lets in more than one file", v)
			}
		}
	}
	switch {
	case len(called) > 0 && len(l.b["sub"])+len(l.b["repository"])+len(l.b["repository_id"])+len(l.b["ref"])+len(l.b["environment"]) == 0:
		l.add("trust-called-workflow", weak, "bind the caller too, by sub", "only the called workflow is asked for: whoever may call it gets in")
	case len(called) == 0 && len(l.b["workflow"]) > 0:
		l.add("trust-workflow-name", weak, "bind job_workflow_ref to a file", "a workflow is asked for by its display name, which any file can have")
	case len(called) == 0 && l.owned():
		l.add("trust-no-workflow", weak, "bind job_workflow_ref to a file at a protected ref", "every workflow file there gets in: no file is asked for")
	}
	if l.owned() && len(l.b["actor"])+len(l.b["actor_id"]) > 0 && len(l.b["sub"])+len(l.b["repository"])+len(l.b["repository_id"]) == 0 {
		l.add("trust-actor-only", weak, narrow, "who triggers the run is the only person asked for; a re-run and a bot count as somebody else")
	}
}

func (l *lint) audience() {
	const sts = "sts.amazonaws.com"
	aud := l.b["aud"]
	if len(aud) == 0 {
		l.add("trust-audience", weak, "ask for aud "+sts, "aud is not asked for: a token made for somebody else gets in")
	}
	for _, c := range aud {
		for _, v := range c.Values {
			if v != sts {
				l.add("trust-audience", weak, "ask for aud "+sts+" alone", "tokens for %s get in", v)
			}
		}
	}
	if len(aud) == 0 && len(l.around.ClientIDs) > 0 && !slices.Equal(l.around.ClientIDs, []string{sts}) {
		l.add("trust-audience", weak, "leave only "+sts+" in the provider's audiences", "the identity provider takes tokens for %s", strings.Join(l.around.ClientIDs, ", "))
	}
}

// otherDoors tells of ways into the role beside GitHub's tokens.
func (l *lint) otherDoors() {
	s := l.s
	if s.Effect != "Allow" {
		return
	}
	if len(s.AWS) > 0 && anyMatch(s.Actions, "sts:AssumeRole") {
		severity := weak
		if slices.Contains(s.AWS, "*") {
			severity = anybody
		}
		l.add("trust-second-door", severity, "give it a role of its own", "AWS principals assume the role too: %s", strings.Join(s.AWS, ", "))
	}
	for _, f := range s.Federated {
		if f != "*" && !l.policy.federated(&Statement{Federated: []string{f}}) {
			l.add("trust-other-federation", weak, "give it a role of its own", "%s lets its own tokens in", f)
		}
	}
}
