package github

import (
	"crypto/sha1" //nolint:gosec // git names its objects by SHA-1
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

func (s *Server) rateLimit(*http.Request) answer {
	core := map[string]any{"limit": 5000, "remaining": max(1, 5000-s.state.Used%5000), "reset": s.core.Now().Unix() + 3600, "used": s.state.Used % 5000}
	return ok(map[string]any{"resources": map[string]any{"core": core, "search": core}, "rate": core})
}

func (s *Server) user(r *http.Request) answer {
	for _, t := range s.state.Tokens {
		if t.Value == presented(r) {
			return ok(s.profile(t.Login))
		}
	}
	return fail(http.StatusUnauthorized, "Bad credentials")
}

func (s *Server) repository(r *http.Request) answer {
	return ok(s.whole(r))
}

func (s *Server) branches(r *http.Request) answer {
	list := []map[string]any{}
	for _, b := range s.state.Branches {
		list = append(list, map[string]any{"name": b.Name, "protected": b.Protected, "commit": map[string]any{"sha": b.SHA, "url": s.repo("commits", b.SHA)}})
	}
	return bare(r, list)
}

// tree serves a branch's, commit's or tree's whole content, as with recursive=1.
func (s *Server) tree(r *http.Request) answer {
	ref := strings.TrimPrefix(r.PathValue("ref"), "refs/heads/")
	for _, b := range s.state.Branches {
		if b.Name != ref && b.SHA != ref && treeSHA(b.Files) != ref {
			continue
		}
		list := []map[string]any{}
		for _, path := range sorted(b.Files) {
			list = append(list, map[string]any{"path": path, "mode": "100644", "type": "blob", "sha": blobSHA(b.Files[path]), "size": len(b.Files[path])})
		}
		return ok(map[string]any{"sha": treeSHA(b.Files), "url": s.repo("git/trees", treeSHA(b.Files)), "tree": list, "truncated": false})
	}
	return fail(http.StatusNotFound, "Not Found")
}

func (s *Server) blob(r *http.Request) answer {
	for _, b := range s.state.Branches {
		for _, content := range b.Files {
			if sha := blobSHA(content); sha == r.PathValue("sha") {
				return ok(map[string]any{"sha": sha, "node_id": node("B", sha), "url": s.repo("git/blobs", sha), "size": len(content), "encoding": "base64", "content": base64.StdEncoding.EncodeToString([]byte(content))})
			}
		}
	}
	return fail(http.StatusNotFound, "Not Found")
}

func (s *Server) contents(r *http.Request) answer {
	ref := r.URL.Query().Get("ref")
	if ref == "" {
		ref = s.state.Default
	}
	b := s.state.branch(strings.TrimPrefix(ref, "refs/heads/"))
	if b == nil {
		return fail(http.StatusNotFound, "No commit found for the ref "+ref)
	}
	path := r.PathValue("path")
	content, there := b.Files[path]
	if !there {
		return fail(http.StatusNotFound, "Not Found")
	}
	at, page, blob := s.repo("contents", path)+"?ref="+ref, s.page("blob", ref, path), s.repo("git/blobs", blobSHA(content))
	return ok(map[string]any{
		"type": "file", "encoding": "base64", "size": len(content), "name": path[strings.LastIndexByte(path, '/')+1:],
		"path": path, "sha": blobSHA(content), "content": base64.StdEncoding.EncodeToString([]byte(content)),
		"url": at, "html_url": page, "git_url": blob, "download_url": s.page("raw", ref, path),
		"_links": map[string]any{"self": at, "html": page, "git": blob},
	})
}

// blobSHA is git's name for a file's content.
func blobSHA(content string) string {
	h := sha1.Sum(fmt.Appendf(nil, "blob %d\x00%s", len(content), content)) //nolint:gosec // as git does
	return hex.EncodeToString(h[:])
}

// treeSHA names a whole tree by its content; it is not git's own tree object.
func treeSHA(files map[string]string) string {
	var b strings.Builder
	for _, path := range sorted(files) {
		fmt.Fprintf(&b, "100644 %s\x00%s\n", path, blobSHA(files[path]))
	}
	h := sha1.Sum([]byte("tree " + b.String())) //nolint:gosec // as git does
	return hex.EncodeToString(h[:])
}

func commit(files map[string]string, salt string) string {
	h := sha1.Sum([]byte("commit " + treeSHA(files) + " " + salt)) //nolint:gosec // as git does
	return hex.EncodeToString(h[:])
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
