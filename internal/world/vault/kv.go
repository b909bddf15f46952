package vault

import (
	"net/http"
	"slices"
	"strconv"
	"time"
)

func (v *Server) secret(mount, path string) *Secret {
	for _, s := range v.state.KV {
		if s.Mount == mount && s.Path == path {
			return s
		}
	}
	return nil
}

func (x *Version) json(number int, custom map[string]string) map[string]any {
	deleted := ""
	if !x.Deleted.IsZero() {
		deleted = x.Deleted.UTC().Format(time.RFC3339Nano)
	}
	return map[string]any{
		"version": number, "created_time": x.Created.UTC().Format(time.RFC3339Nano), "deletion_time": deleted,
		"destroyed": x.Destroyed, "custom_metadata": custom,
	}
}

// readData answers 404 with metadata for a version that is deleted or destroyed.
func (v *Server) readData(w http.ResponseWriter, r *http.Request, rt route, _ *Token) {
	s := v.secret(rt.mount, rt.object)
	if s == nil || len(s.Versions) == 0 {
		refuse(w, http.StatusNotFound)
		return
	}
	n := len(s.Versions)
	if q := r.URL.Query().Get("version"); q != "" && q != "0" {
		x, err := strconv.Atoi(q)
		if err != nil {
			refuse(w, http.StatusBadRequest, "Field validation failed: error converting input "+q+` for field "version": cannot parse '' as int: strconv.ParseInt: parsing `+strconv.Quote(q)+": invalid syntax")
			return
		}
		if x < 1 || x > len(s.Versions) {
			refuse(w, http.StatusNotFound)
			return
		}
		n = x
	}
	x := &s.Versions[n-1]
	if x.Destroyed || !x.Deleted.IsZero() {
		reply(w, http.StatusNotFound, map[string]any{"data": map[string]any{"data": nil, "metadata": x.json(n, s.Custom)}})
		return
	}
	data(w, map[string]any{"data": x.Data, "metadata": x.json(n, s.Custom)})
}

func (v *Server) writeData(w http.ResponseWriter, r *http.Request, rt route, _ *Token) {
	var body struct {
		Data    map[string]any `json:"data"`
		Options struct {
			CAS *int `json:"cas"`
		} `json:"options"`
	}
	if !decode(w, r, &body) {
		return
	}
	if body.Data == nil {
		refuse(w, http.StatusBadRequest, "no data provided")
		return
	}
	s := v.secret(rt.mount, rt.object)
	have := 0
	if s != nil {
		have = len(s.Versions)
	}
	if c := body.Options.CAS; c != nil && *c != have {
		refuse(w, http.StatusBadRequest, "check-and-set parameter did not match the current version")
		return
	}
	if s == nil {
		s = &Secret{Mount: rt.mount, Path: rt.object}
		v.state.KV = append(v.state.KV, s)
	}
	s.Versions = append(s.Versions, Version{Data: body.Data, Created: v.core.Now()})
	data(w, s.Versions[have].json(have+1, s.Custom))
}

func (v *Server) readMetadata(w http.ResponseWriter, _ *http.Request, rt route, _ *Token) {
	s := v.secret(rt.mount, rt.object)
	if s == nil {
		refuse(w, http.StatusNotFound)
		return
	}
	versions := map[string]any{}
	for i := range s.Versions {
		x := s.Versions[i].json(i+1, nil)
		delete(x, "version")
		delete(x, "custom_metadata")
		versions[strconv.Itoa(i+1)] = x
	}
	created, updated := time.Time{}, time.Time{}
	if n := len(s.Versions); n > 0 {
		created, updated = s.Versions[0].Created, s.Versions[n-1].Created
	}
	data(w, map[string]any{
		"current_version": len(s.Versions), "oldest_version": 0, "versions": versions, "custom_metadata": s.Custom,
		"created_time": created.UTC().Format(time.RFC3339Nano), "updated_time": updated.UTC().Format(time.RFC3339Nano),
		"cas_required": false, "max_versions": 0, "delete_version_after": "0s",
	})
}

func (v *Server) writeMetadata(w http.ResponseWriter, r *http.Request, rt route, _ *Token) {
	var body struct {
		Custom map[string]string `json:"custom_metadata"`
	}
	if !decode(w, r, &body) {
		return
	}
	s := v.secret(rt.mount, rt.object)
	if s == nil {
		s = &Secret{Mount: rt.mount, Path: rt.object}
		v.state.KV = append(v.state.KV, s)
	}
	if body.Custom != nil {
		s.Custom = body.Custom
	}
	w.WriteHeader(http.StatusNoContent)
}

func (v *Server) destroy(w http.ResponseWriter, r *http.Request, rt route, _ *Token) {
	var body struct {
		Versions []int `json:"versions"`
	}
	if !decode(w, r, &body) {
		return
	}
	if s := v.secret(rt.mount, rt.object); s != nil {
		for i := range s.Versions {
			if slices.Contains(body.Versions, i+1) {
				s.Versions[i].Destroyed, s.Versions[i].Data = true, nil
			}
		}
	}
	w.WriteHeader(http.StatusNoContent)
}
