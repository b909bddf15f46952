package world

import (
	"encoding/json"
	"net/http"
	"strconv"
)

const controlName = "control"

// controlHandler serves /_world/ for tests and for whoever runs a world in a
// process of its own:
//
//	GET  /_world/id           the world's id, now, and how many calls were numbered
//	GET  /_world/log?after=N  log entries with a sequence above N
//	GET  /_world/state        the projection of invariant I5
//	GET  /_world/environment  variables that point clients here
//	POST /_world/hold         a Hold
//	GET  /_world/held         waits until a call is held; the held calls
//	GET  /_world/idle         waits until no call is held
//	POST /_world/release      lets held calls go on
//
// and what was added with Control. Nothing here is logged or counted.
func (w *World) controlHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /_world/id", func(rw http.ResponseWriter, _ *http.Request) {
		w.mu.Lock()
		v := map[string]any{"id": w.o.ID, "now": w.o.Clock.Now(), "calls": w.numbered}
		w.mu.Unlock()
		reply(rw, v)
	})
	mux.HandleFunc("GET /_world/log", w.controlLog)
	mux.HandleFunc("GET /_world/state", func(rw http.ResponseWriter, _ *http.Request) { reply(rw, w.Projection()) })
	mux.HandleFunc("GET /_world/environment", func(rw http.ResponseWriter, _ *http.Request) {
		env, err := w.Environment()
		if err != nil {
			http.Error(rw, err.Error(), http.StatusInternalServerError)
			return
		}
		reply(rw, env)
	})
	mux.HandleFunc("POST /_world/hold", w.controlHold)
	mux.HandleFunc("GET /_world/held", func(rw http.ResponseWriter, r *http.Request) {
		if all, err := w.Held(r.Context()); err == nil {
			reply(rw, all)
		}
	})
	mux.HandleFunc("GET /_world/idle", func(rw http.ResponseWriter, r *http.Request) {
		if w.Idle(r.Context()) == nil {
			reply(rw, map[string]bool{"idle": true})
		}
	})
	mux.HandleFunc("POST /_world/release", func(rw http.ResponseWriter, _ *http.Request) {
		w.Release()
		reply(rw, map[string]bool{"released": true})
	})
	for pattern, h := range w.routes {
		mux.Handle(pattern, h)
	}
	return mux
}

func (w *World) controlLog(rw http.ResponseWriter, r *http.Request) {
	after := 0
	if s := r.FormValue("after"); s != "" {
		var err error
		if after, err = strconv.Atoi(s); err != nil {
			http.Error(rw, "after: give a sequence number", http.StatusBadRequest)
			return
		}
	}
	list := []Entry{}
	for _, e := range w.Entries() {
		if e.Seq > after {
			list = append(list, e)
		}
	}
	reply(rw, list)
}

func (w *World) controlHold(rw http.ResponseWriter, r *http.Request) {
	var h Hold
	if err := json.NewDecoder(r.Body).Decode(&h); err != nil || (h.When != Before && h.When != After) || (h.Number == 0) == (h.Call == "") || h.Object != "" {
		http.Error(rw, `a hold is {"n": NUMBER or "call": NAME, "when": "before" or "after"}`, http.StatusBadRequest)
		return
	}
	w.Hold(h)
	reply(rw, h)
}

// Control adds a route to the control interface, e.g. "POST /_world/push". It is
// to be called before Start.
func (w *World) Control(pattern string, h http.Handler) { w.routes[pattern] = h }

func reply(rw http.ResponseWriter, v any) {
	rw.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(rw).Encode(v); err != nil {
		cut(rw)
	}
}
