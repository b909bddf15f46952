package github

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// logs answers with an address that works for one minute. Source: GitHub REST
// reference, "Download workflow run logs"; 410 when they are expired.
func (s *Server) logs(r *http.Request) answer {
	x := s.theRun(r)
	if x == nil || x.Status != "completed" {
		return fail(http.StatusNotFound, "Not Found")
	}
	if x.Expired {
		return fail(http.StatusGone, "Gone")
	}
	attempt := x.Attempts
	if v := r.PathValue("attempt"); v != "" {
		n, err := strconv.Atoi(v)
		if err != nil || n < 1 || n > x.Attempts {
			return fail(http.StatusNotFound, "Not Found")
		}
		attempt = n
	}
	return s.lend(r, link{Kind: "logs", Object: x.ID, Attempt: attempt})
}

func (s *Server) lend(r *http.Request, l link) answer {
	l.Key, l.Until = s.core.Text(24), s.core.Now().Add(time.Minute)
	s.state.Links = append(s.state.Links, l)
	return answer{status: http.StatusFound, location: origin(r) + "/_download/" + l.Key}
}

func (s *Server) download(r *http.Request) answer {
	for _, l := range s.state.Links {
		if l.Key != r.PathValue("key") {
			continue
		}
		if l.Kind == "logs" {
			x := s.state.run(l.Object)
			return zipped(fmt.Sprintf("0_%s.txt", x.Jobs[0].Name), fmt.Appendf(nil, "attempt %d\n%s\n", l.Attempt, x.Log))
		}
		if l.Kind == "job-log" {
			return answer{status: http.StatusOK, raw: []byte(s.state.run(l.Object).Log)}
		}
		for _, a := range s.state.Artifacts {
			if a.ID == l.Object {
				return zipped(a.File, a.Content)
			}
		}
	}
	return fail(http.StatusForbidden, "this address has expired")
}

func zipped(name string, content []byte) answer {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: time.Unix(0, 0)})
	if err == nil {
		_, err = w.Write(content)
	}
	if err == nil {
		err = z.Close()
	}
	if err != nil {
		return fail(http.StatusInternalServerError, err.Error())
	}
	return answer{status: http.StatusOK, raw: b.Bytes()}
}

func (s *Server) artifacts(r *http.Request) answer {
	x := s.theRun(r)
	list := []map[string]any{}
	for _, a := range s.state.Artifacts {
		if x != nil && a.Run != x.ID || x == nil && r.PathValue("run") != "" {
			continue
		}
		list = append(list, s.artifactShape(a))
	}
	return listing(r, "artifacts", list)
}

func (s *Server) artifactShape(a *Artifact) map[string]any {
	at := s.repo("actions/artifacts", a.ID)
	o := with(times(a.Created, a.Created), map[string]any{
		"id": a.ID, "node_id": node("A", a.ID), "name": a.Name, "size_in_bytes": len(a.Content), "expired": a.Expired,
		"expires_at": stamp(a.Created.AddDate(0, 0, 90)), "url": at, "archive_download_url": at + "/zip",
		"digest": digestOf(a),
	})
	if x := s.state.run(a.Run); x != nil {
		o["workflow_run"] = map[string]any{"id": x.ID, "repository_id": s.state.ID, "head_repository_id": s.state.ID, "head_branch": x.Branch, "head_sha": x.SHA}
	}
	return o
}

// digestOf names the zip that is downloaded. Source: GitHub REST reference, "List
// artifacts for a repository": "The SHA256 digest of the artifact".
func digestOf(a *Artifact) string {
	return fmt.Sprintf("sha256:%x", sha256.Sum256(zipped(a.File, a.Content).raw))
}

func (s *Server) artifactZip(r *http.Request) answer {
	for _, a := range s.state.Artifacts {
		if strconv.FormatInt(a.ID, 10) != r.PathValue("artifact") {
			continue
		}
		if a.Expired {
			return fail(http.StatusGone, "Artifact has expired")
		}
		return s.lend(r, link{Kind: "artifact", Object: a.ID})
	}
	return fail(http.StatusNotFound, "Not Found")
}

func uploads(workflow string) bool { return strings.Contains(workflow, "actions/upload-artifact") }

// upload stores what a run built from a branch: one tarball whose content follows
// from the tree, so that two clean builds of one tree are equal byte for byte.
func (s *Server) upload(r *Run, b *Branch) {
	content, err := tarball(b.Files)
	if err != nil {
		r.Conclusion = "failure"
		r.Log += "\n" + err.Error()
		return
	}
	s.state.Artifacts = append(s.state.Artifacts, &Artifact{
		ID: s.core.ID(), Run: r.ID, Name: "package", File: s.state.Owner + "-" + s.state.Repo + ".tgz", Content: content, Created: r.Ends, Built: true,
	})
}

// tarball packs a tree without its workflows the way npm pack does: everything
// below "package/", no times.
func tarball(files map[string]string) ([]byte, error) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	t := tar.NewWriter(z)
	for _, path := range sorted(files) {
		if isWorkflow(path) {
			continue
		}
		if err := t.WriteHeader(&tar.Header{Name: "package/" + path, Mode: 0o644, Size: int64(len(files[path])), ModTime: time.Unix(499162500, 0)}); err != nil {
			return nil, err
		}
		if _, err := t.Write([]byte(files[path])); err != nil {
			return nil, err
		}
	}
	if err := t.WriteHeader(&tar.Header{Name: "package/TREE", Mode: 0o644, Size: 40}); err != nil {
		return nil, err
	}
	if _, err := t.Write([]byte(treeSHA(files))); err != nil {
		return nil, err
	}
	if err := t.Close(); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
