package workflow

// Event is what GitHub does when an event starts a workflow.
type Event struct {
	Name string
	// Trust is the trust in what started the run: in the code or text it brings along.
	Trust Trust
	// Authority: runs started from outside (a fork, a stranger's comment) get
	// secrets and the token's full permissions all the same.
	Authority bool
	// From says which branch's copy of the file runs.
	From From
}

// Trust is how far the cause of a run is trusted.
type Trust string

const (
	Untrusted   Trust = "untrusted"   // anyone: fork code, issue text
	Contributor Trust = "contributor" // people and tokens with write access
	Trusted     Trust = "trusted"     // protected refs, the clock
	Human       Trust = "human"       // somebody with write access started it by hand
)

// Rank orders trust from none to most.
func (t Trust) Rank() int {
	switch t {
	case Contributor:
		return 1
	case Human:
		return 2
	case Trusted:
		return 3
	}
	return 0
}

// From says from which ref's copy of the file an event runs.
type From string

const (
	FromDefault From = "default" // the default branch's copy only
	FromRef     From = "ref"     // the copy on the ref the event is about, so any ref that has the file
	FromBase    From = "base"    // the copy on the pull request's base branch, so any branch that has the file
	FromCaller  From = "caller"  // the copy the calling workflow names
)

// events is every event that starts a workflow.
//
// Source: GitHub Docs, "Events that trigger workflows": the tables' GITHUB_REF
// rows give From, the notes on forked repositories give Authority. pull_request,
// pull_request_review and pull_request_review_comment from a fork get a read-only
// token and no secrets. Trust follows from who can cause the event: everyone who
// may read a public repository (fork, issue, comment, watch, wiki page), or only
// those with write or triage access.
//
// pull_request_target runs from the default branch on github.com since
// 8 December 2025 (GitHub changelog, 7 November 2025); before, and on GitHub
// Enterprise Server releases without that change, from the base branch, which the
// author of the pull request chooses. A survey does not tell which server it saw,
// so the table keeps the older, wider answer.
var events = map[string]Event{
	"branch_protection_rule":      {Trust: Contributor, Authority: true, From: FromDefault},
	"check_run":                   {Trust: Contributor, Authority: true, From: FromDefault},
	"check_suite":                 {Trust: Contributor, Authority: true, From: FromDefault},
	"create":                      {Trust: Contributor, Authority: true, From: FromRef},
	"delete":                      {Trust: Contributor, Authority: true, From: FromDefault},
	"deployment":                  {Trust: Contributor, Authority: true, From: FromRef},
	"deployment_status":           {Trust: Contributor, Authority: true, From: FromRef},
	"discussion":                  {Trust: Untrusted, Authority: true, From: FromDefault},
	"discussion_comment":          {Trust: Untrusted, Authority: true, From: FromDefault},
	"fork":                        {Trust: Untrusted, Authority: true, From: FromDefault},
	"gollum":                      {Trust: Untrusted, Authority: true, From: FromDefault},
	"image_version":               {Trust: Contributor, Authority: true, From: FromDefault},
	"issue_comment":               {Trust: Untrusted, Authority: true, From: FromDefault},
	"issues":                      {Trust: Untrusted, Authority: true, From: FromDefault},
	"label":                       {Trust: Contributor, Authority: true, From: FromDefault},
	"merge_group":                 {Trust: Contributor, Authority: true, From: FromRef},
	"milestone":                   {Trust: Contributor, Authority: true, From: FromDefault},
	"page_build":                  {Trust: Contributor, Authority: true, From: FromDefault},
	"public":                      {Trust: Contributor, Authority: true, From: FromDefault},
	"pull_request":                {Trust: Untrusted, Authority: false, From: FromRef},
	"pull_request_review":         {Trust: Untrusted, Authority: false, From: FromRef},
	"pull_request_review_comment": {Trust: Untrusted, Authority: false, From: FromRef},
	"pull_request_target":         {Trust: Untrusted, Authority: true, From: FromBase},
	"push":                        {Trust: Contributor, Authority: true, From: FromRef},
	"registry_package":            {Trust: Contributor, Authority: true, From: FromDefault},
	"release":                     {Trust: Contributor, Authority: true, From: FromRef},
	"repository_dispatch":         {Trust: Contributor, Authority: true, From: FromDefault},
	"schedule":                    {Trust: Trusted, Authority: true, From: FromDefault},
	"status":                      {Trust: Contributor, Authority: true, From: FromDefault},
	"watch":                       {Trust: Untrusted, Authority: true, From: FromDefault},
	"workflow_call":               {Trust: Contributor, Authority: true, From: FromCaller},
	"workflow_dispatch":           {Trust: Human, Authority: true, From: FromRef},
	"workflow_run":                {Trust: Untrusted, Authority: true, From: FromDefault},
}

// EventNamed describes an event. One that is not in GitHub's documentation counts
// as untrusted with authority from any ref: what is not known is not waved through.
func EventNamed(name string) (e Event, known bool) {
	e, known = events[name]
	if !known {
		e = Event{Trust: Untrusted, Authority: true, From: FromRef}
	}
	e.Name = name
	return e, known
}
