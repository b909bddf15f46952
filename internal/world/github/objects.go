package github

import (
	"encoding/base64"
	"fmt"
	"hash/crc32"
	"maps"
	"net/http"
	"strings"
	"time"
)

// The builders below give whole objects, every member that GitHub's own API
// description requires; the tests of adapters/github hold them against it.

// api is an address of the API, as members called url have it.
func (s *Server) api(parts ...any) string { return s.base + "/" + joined(parts) }

// repo is an address below the repository's in the API.
func (s *Server) repo(parts ...any) string {
	return s.api(append([]any{"repos", s.state.Owner, s.state.Repo}, parts...)...)
}

// page is an address of a web page about the repository, html_url. Nothing is there.
func (s *Server) page(parts ...any) string {
	return s.api(append([]any{s.state.Owner, s.state.Repo}, parts...)...)
}

func joined(parts []any) string {
	text := make([]string, len(parts))
	for i, p := range parts {
		text[i] = fmt.Sprint(p)
	}
	return strings.Join(text, "/")
}

// node is GitHub's other identifier of an object.
func node(kind string, id any) string {
	return kind + "_" + base64.RawURLEncoding.EncodeToString(fmt.Append(nil, id))
}

// numbered is the id of what is known by its name alone, the same every time.
func numbered(name string) int64 { return int64(crc32.ChecksumIEEE([]byte(name))) }

// with puts the members of more into o.
func with(o, more map[string]any) map[string]any {
	maps.Copy(o, more)
	return o
}

// times are the members that tell when an object was made and changed.
func times(created, updated time.Time) map[string]any {
	return map[string]any{"created_at": stamp(created), "updated_at": stamp(updated)}
}

// addresses gives members called NAME_url, from lines of a name and a path below at.
func addresses(at, lines string) map[string]any {
	o := map[string]any{}
	for line := range strings.Lines(lines) {
		name, below, _ := strings.Cut(strings.TrimSpace(line), " ")
		if name != "" {
			o[name+"_url"] = at + below
		}
	}
	return o
}

const accountAddresses = `
	followers /followers
	following /following{/other_user}
	gists /gists{/gist_id}
	starred /starred{/owner}{/repo}
	subscriptions /subscriptions
	organizations /orgs
	repos /repos
	events /events{/privacy}
	received_events /received_events`

// account is a simple user; kind is "User", "Organization" or "Bot".
func (s *Server) account(login, kind string) map[string]any {
	id := numbered(login)
	return with(addresses(s.api("users", login), accountAddresses), map[string]any{
		"login": login, "id": id, "node_id": node(kind[:1], id), "type": kind, "site_admin": false, "user_view_type": "public",
		"avatar_url": s.api("avatars", id), "gravatar_id": "", "url": s.api("users", login), "html_url": s.api(login),
	})
}

// profile is an account as its own token sees it.
func (s *Server) profile(login string) map[string]any {
	return with(with(s.account(login, "User"), times(s.state.Began, s.state.Began)), map[string]any{
		"name": nil, "company": nil, "blog": "", "location": nil, "email": nil, "hireable": nil, "bio": nil,
		"public_repos": 1, "public_gists": 0, "followers": 0, "following": 0,
	})
}

const repositoryAddresses = `
	archive /{archive_format}{/ref}
	assignees /assignees{/user}
	blobs /git/blobs{/sha}
	branches /branches{/branch}
	collaborators /collaborators{/collaborator}
	comments /comments{/number}
	commits /commits{/sha}
	compare /compare/{base}...{head}
	contents /contents/{+path}
	contributors /contributors
	deployments /deployments
	downloads /downloads
	events /events
	forks /forks
	git_commits /git/commits{/sha}
	git_refs /git/refs{/sha}
	git_tags /git/tags{/sha}
	hooks /hooks
	issue_comment /issues/comments{/number}
	issue_events /issues/events{/number}
	issues /issues{/number}
	keys /keys{/key_id}
	labels /labels{/name}
	languages /languages
	merges /merges
	milestones /milestones{/number}
	notifications /notifications{?since,all,participating}
	pulls /pulls{/number}
	releases /releases{/id}
	stargazers /stargazers
	statuses /statuses/{sha}
	subscribers /subscribers
	subscription /subscription
	tags /tags
	teams /teams
	trees /git/trees{/sha}`

// summary is the repository as other objects mention it.
func (s *Server) summary() map[string]any {
	return with(addresses(s.repo(), repositoryAddresses), map[string]any{
		"id": s.state.ID, "node_id": node("R", s.state.ID), "name": s.state.Repo, "full_name": s.state.Owner + "/" + s.state.Repo,
		"owner": s.account(s.state.Owner, s.state.Organization.kind()), "private": s.state.Private, "fork": false, "description": nil,
		"url": s.repo(), "html_url": s.page(),
	})
}

// whole is the repository as it is when it is asked for itself.
func (s *Server) whole(r *http.Request) map[string]any {
	visibility := "public"
	if s.state.Private {
		visibility = "private"
	}
	o := with(s.summary(), times(s.state.Began, s.state.Began))
	for _, none := range []string{"homepage", "language", "license", "mirror_url"} {
		o[none] = nil
	}
	for _, no := range []string{"archived", "disabled", "has_pages", "has_discussions", "has_projects", "has_wiki"} {
		o[no] = false
	}
	for _, count := range []string{"size", "forks", "forks_count", "network_count", "open_issues", "open_issues_count", "stargazers_count", "subscribers_count", "watchers", "watchers_count"} {
		o[count] = 0
	}
	return with(o, map[string]any{
		"permissions":    role(r, s.state.Tokens),
		"default_branch": s.state.Default, "visibility": visibility, "has_issues": true, "has_downloads": true, "pushed_at": stamp(s.state.Began),
		"clone_url": s.page() + ".git", "svn_url": s.page(), "git_url": s.page() + ".git", "ssh_url": "git@" + strings.TrimPrefix(s.page(), "http://") + ".git",
	})
}

// commitOf is the newest commit a run saw, made by one who merged.
func (s *Server) commitOf(sha, login string, at time.Time) map[string]any {
	who := map[string]any{"name": login, "email": login + "@users.noreply.github.example"}
	return map[string]any{"id": sha, "tree_id": sha, "message": "merge", "timestamp": stamp(at), "author": who, "committer": who}
}
