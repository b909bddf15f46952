package inventory

import (
	"slices"
	"strings"
)

// ForWorkflow is the blast radius: the inventory of one workflow alone, with what
// it reaches, what that mints, and the findings about it. workflow is a path or
// "owner/name/path"; a job's id narrows it further, "" means all jobs. What is
// only inherited and not used is not in it.
func ForWorkflow(inv Inventory, workflow, job string) Inventory {
	return radius(inv, func(repository, path string) bool {
		return path == workflow || repository+"/"+path == workflow
	}, job)
}

// ForSubjects is the blast radius of several workflows together, each written
// "owner/name/path" as in plan.Plan.Subjects.
func ForSubjects(inv Inventory, subjects []string) Inventory {
	return radius(inv, func(repository, path string) bool {
		return slices.Contains(subjects, repository+"/"+path) || repository == "" && slices.Contains(subjects, path)
	}, "")
}

func radius(inv Inventory, subject func(repository, path string) bool, job string) Inventory {
	out := Inventory{Schema: inv.Schema, Repositories: []Repository{}, Credentials: []Credential{}, Identities: []Identity{}, Findings: []Finding{}}
	reached := map[string]bool{}
	for _, r := range inv.Repositories {
		kept := Repository{Repository: r.Repository, Path: r.Path}
		for _, w := range r.Workflows {
			if !subject(r.Repository, w.Path) {
				continue
			}
			w = narrow(w, job)
			for _, j := range w.Jobs {
				for _, x := range j.Reaches {
					if x.How != HowInheritUnused {
						reached[x.Credential] = true
					}
				}
			}
			for _, id := range w.Answers.MustRotate {
				reached[id] = true
			}
			kept.Workflows = append(kept.Workflows, w)
		}
		for _, f := range r.Flows {
			if slices.ContainsFunc(slices.Concat(f.Writers, f.Readers), func(e FlowEnd) bool { return subject(r.Repository, e.Workflow) && (job == "" || e.Job == job) }) {
				kept.Flows = append(kept.Flows, f)
			}
		}
		if len(kept.Workflows) > 0 {
			out.Repositories = append(out.Repositories, kept)
		}
	}
	for _, c := range inv.Credentials {
		if reached[c.ID] {
			out.Credentials = append(out.Credentials, c)
			for _, id := range c.Mints {
				reached[id] = true
			}
		}
	}
	out.Identities = Chained(inv.Identities, func(i Identity) bool { return reached[i.ID] })
	for _, f := range inv.Findings {
		if subject(f.Repository, f.Path) {
			out.Findings = append(out.Findings, f)
		}
	}
	return out
}

// narrow keeps one job and the answers about it.
func narrow(w Workflow, job string) Workflow {
	if job == "" {
		return w
	}
	w.Jobs = slices.DeleteFunc(slices.Clone(w.Jobs), func(j Job) bool { return !strings.EqualFold(j.ID, job) })
	other := func(x Answer) bool { return !strings.EqualFold(x.Job, job) }
	a := w.Answers
	mine := map[string]bool{}
	for _, list := range []*[]Answer{&a.Deploy, &a.Publish, &a.Rotate, &a.Read, &a.Exfiltrate, &a.Sign, &a.Escalate} {
		*list = slices.DeleteFunc(slices.Clone(*list), other)
		for _, x := range *list {
			mine[x.Credential] = true
		}
	}
	a.MustRotate = slices.DeleteFunc(slices.Clone(a.MustRotate), func(id string) bool { return !mine[id] })
	a.ExposedIn = slices.DeleteFunc(slices.Clone(a.ExposedIn), func(place string) bool {
		return !strings.HasSuffix(place, " job "+job) && !strings.Contains(place, " job "+job+" ")
	})
	w.Answers = a
	return w
}
