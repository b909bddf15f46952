package npm

import (
	"crypto/sha1" //nolint:gosec // the registry's own field "shasum"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

func (r *Registry) find(name string) *Package {
	for _, p := range r.state.Packages {
		if p.Name == name {
			return p
		}
	}
	return nil
}

func (p *Package) version(v string) *Version {
	for i := range p.Versions {
		if p.Versions[i].Version == v {
			return &p.Versions[i]
		}
	}
	return nil
}

// whole reports whether the tarball has the checksum that its manifest names, if any.
// Source: Verdaccio, "shasum error".
func (v *Version) whole() bool {
	var m struct{ Dist struct{ Shasum string } }
	sum := sha1.Sum(v.Tarball) //nolint:gosec // see import
	return json.Unmarshal(v.Manifest, &m) == nil && (m.Dist.Shasum == "" || m.Dist.Shasum == hex.EncodeToString(sum[:]))
}

// file is a tarball's name: a scope is not part of it.
func (p *Package) file(version string) string {
	return p.Name[strings.LastIndexByte(p.Name, '/')+1:] + "-" + version + ".tgz"
}

func (r *Registry) packument(w http.ResponseWriter, req *http.Request, rt route) {
	p := r.find(rt.object)
	if p == nil {
		refuse(w, http.StatusNotFound, "Not found")
		return
	}
	versions, times := map[string]any{}, map[string]string{}
	for _, v := range p.Versions {
		m := map[string]any{}
		if len(v.Manifest) > 0 {
			if err := json.Unmarshal(v.Manifest, &m); err != nil {
				refuse(w, http.StatusInternalServerError, "a manifest is damaged")
				return
			}
		}
		one, five := sha1.Sum(v.Tarball), sha512.Sum512(v.Tarball) //nolint:gosec // see import
		m["name"], m["version"] = p.Name, v.Version
		m["dist"] = map[string]string{
			"tarball":   "http://" + req.Host + "/" + p.Name + "/-/" + url.PathEscape(p.file(v.Version)),
			"shasum":    hex.EncodeToString(one[:]),
			"integrity": "sha512-" + base64.StdEncoding.EncodeToString(five[:]),
		}
		m["_npmUser"] = map[string]string{"name": v.By}
		versions[v.Version], times[v.Version] = m, v.Time.UTC().Format(time.RFC3339)
	}
	reply(w, http.StatusOK, map[string]any{"_id": p.Name, "name": p.Name, "dist-tags": p.Tags, "versions": versions, "time": times})
}

func (r *Registry) tarball(w http.ResponseWriter, _ *http.Request, rt route) {
	if p := r.find(rt.object); p != nil {
		for _, v := range p.Versions {
			if p.file(v.Version) == rt.detail {
				w.Header().Set("Content-Type", "application/octet-stream")
				w.Write(v.Tarball) //nolint:errcheck // the caller is gone
				return
			}
		}
	}
	refuse(w, http.StatusNotFound, "Not found")
}

func (r *Registry) tags(w http.ResponseWriter, _ *http.Request, rt route) {
	p := r.find(rt.object)
	if p == nil {
		refuse(w, http.StatusNotFound, "Not found")
		return
	}
	reply(w, http.StatusOK, p.Tags)
}

// publisher is the calling token when it may change package p; it has answered otherwise.
func (r *Registry) publisher(w http.ResponseWriter, req *http.Request, p *Package) *Token {
	me := r.caller(req)
	switch {
	case me == nil:
		refuse(w, http.StatusUnauthorized, "unauthorized")
	case me.ReadOnly || p != nil && !slices.Contains(p.Maintainers, me.User):
		refuse(w, http.StatusForbidden, "you do not have permission to publish this package")
	default:
		return me
	}
	return nil
}

func (r *Registry) setTag(w http.ResponseWriter, req *http.Request, rt route) {
	p := r.find(rt.object)
	if p == nil {
		refuse(w, http.StatusNotFound, "Not found")
		return
	}
	if r.publisher(w, req, p) == nil {
		return
	}
	var v string
	if !decode(w, req, &v) {
		return
	}
	if p.version(v) == nil {
		refuse(w, http.StatusNotFound, "version not found")
		return
	}
	p.Tags[rt.detail] = v
	reply(w, http.StatusCreated, map[string]any{"ok": true})
}

// publish takes the document npm sends: one version with its attachment. A
// version number that was ever used is refused.
func (r *Registry) publish(w http.ResponseWriter, req *http.Request, rt route) {
	p := r.find(rt.object)
	me := r.publisher(w, req, p)
	if me == nil {
		return
	}
	var doc struct {
		Tags     map[string]string          `json:"dist-tags"`
		Versions map[string]json.RawMessage `json:"versions"`
		Files    map[string]struct {
			Data []byte `json:"data"`
		} `json:"_attachments"`
	}
	if !decode(w, req, &doc) {
		return
	}
	if len(doc.Versions) != 1 || len(doc.Files) != 1 {
		refuse(w, http.StatusBadRequest, "one version and one attachment are wanted")
		return
	}
	first := p == nil
	if first {
		p = &Package{Name: rt.object, Maintainers: []string{me.User}, Tags: map[string]string{}}
	}
	for number, manifest := range doc.Versions {
		if p.version(number) != nil {
			refuse(w, http.StatusForbidden, "You cannot publish over the previously published versions: "+number)
			return
		}
		v := Version{Version: number, Manifest: manifest, By: me.User, Token: me.Name, Time: r.core.Now()}
		for _, f := range doc.Files {
			v.Tarball = f.Data
		}
		if !v.whole() {
			refuse(w, http.StatusBadRequest, "the tarball does not have the checksum its manifest names")
			return
		}
		if first {
			r.state.Packages = append(r.state.Packages, p)
		}
		p.Versions = append(p.Versions, v)
		for tag := range doc.Tags {
			p.Tags[tag] = number
		}
		r.state.Published = append(r.state.Published, Publish{Time: v.Time, Package: p.Name, Version: number, Token: me.Name, Agent: req.UserAgent()})
	}
	reply(w, http.StatusOK, map[string]any{"ok": true, "success": true})
}
