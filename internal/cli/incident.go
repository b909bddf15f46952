package cli

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/firebreak/firebreak/internal/journal"
	"github.com/firebreak/firebreak/internal/respond"
	"github.com/firebreak/firebreak/internal/view"
)

// newIncident names a new incident: inc-<date>-<random>.
func (f *Factory) newIncident() (string, error) {
	b := make([]byte, 4)
	if _, err := rand.Read(b); err != nil {
		return "", fmt.Errorf("name the incident: %w", err)
	}
	return "inc-" + f.Now().UTC().Format("20060102") + "-" + hex.EncodeToString(b), nil
}

// incidentsFolder is where this state folder keeps incidents. It need not exist.
func (f *Factory) incidentsFolder() (string, error) {
	dir, err := f.stateFolder()
	return filepath.Join(dir, "incidents"), err
}

// incident gives an incident's folder. name may be its id, a folder, or "" where
// there is exactly one incident, or one that is not closed.
func (f *Factory) incident(name string) (string, error) {
	if strings.ContainsRune(name, filepath.Separator) {
		if _, err := os.Stat(filepath.Join(name, journal.File)); err != nil {
			return "", fault(Usage, "firebreak status", "%s is not the folder of an incident: %v", name, err)
		}
		return name, nil
	}
	dir, err := f.incidentsFolder()
	if err != nil {
		return "", err
	}
	if name != "" {
		if _, err := os.Stat(filepath.Join(dir, name, journal.File)); err != nil {
			return "", fault(Usage, "firebreak status", "there is no incident %q in %s", name, dir)
		}
		return filepath.Join(dir, name), nil
	}
	all, err := f.incidents()
	if err != nil {
		return "", err
	}
	all = slices.DeleteFunc(all, func(i listedIncident) bool { return i.State == notBegun })
	open := slices.DeleteFunc(slices.Clone(all), func(i listedIncident) bool { return i.State == "closed" })
	switch {
	case len(all) == 0:
		return "", fault(Usage, "firebreak rehearse", "there is no incident in %s yet", dir)
	case len(all) == 1:
		return all[0].dir, nil
	case len(open) == 1:
		return open[0].dir, nil
	}
	if len(open) == 0 {
		open = all
	}
	names := make([]string, len(open))
	for i, x := range open {
		names[i] = x.Incident + " (" + x.State + ")"
		if x.mode == "rehearsal" {
			names[i] = x.Incident + " (" + x.State + ", a rehearsal)"
		}
	}
	return "", fault(Usage, "name one of "+strings.Join(names, ", "), "there are %d incidents in %s", len(all), dir)
}

// listedIncident is one line of what lies in the state folder.
type listedIncident struct {
	Incident string `json:"incident"`
	State    string `json:"state"`
	dir      string
	mode     string   // "real" or "rehearsal"; "" when that cannot be read
	subjects []string // workflows under response
}

// incidents lists the state folder, oldest name first. A journal that cannot be
// read is listed as damaged.
func (f *Factory) incidents() ([]listedIncident, error) {
	dir, err := f.incidentsFolder()
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list incidents: %w", err)
	}
	var out []listedIncident
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		if _, err := os.Stat(filepath.Join(path, journal.File)); err != nil {
			continue
		}
		x := listedIncident{Incident: e.Name(), dir: path}
		var s *respond.State
		if x.State, s = stands(path); s != nil {
			x.mode = s.Opened.Mode
			_, x.subjects = about(s)
		}
		out = append(out, x)
	}
	return out, nil
}

// notBegun is the state of a folder whose process died, or still is, between
// opening the incident and giving it a plan. Nothing was sent by then.
const notBegun = "not begun"

// phase is where the incident in dir stands, as a list of incidents tells it.
func phase(dir string) string {
	text, _ := stands(dir)
	return text
}

// stands is phase, and what the journal says, nil when it cannot be read.
func stands(dir string) (string, *respond.State) {
	r, err := journal.Read(dir)
	var damaged *journal.Damaged
	switch {
	case errors.As(err, &damaged) && damaged.Line == 0:
		return notBegun, nil // it holds no whole record
	case err != nil:
		return "damaged", nil
	}
	s := replay(r.Events).State()
	if len(s.Plans) == 0 {
		return notBegun, s
	}
	return s.Phase, s
}

// replay feeds a fresh decider.
func replay(events []respond.Event) *respond.Decider {
	d := respond.New()
	for _, e := range events {
		d.Observe(e)
	}
	return d
}

// readIncident reads an incident without touching it.
func readIncident(dir string) (*journal.Replay, *respond.Decider, error) {
	r, err := journal.Read(dir)
	if err != nil {
		return nil, nil, err
	}
	return r, replay(r.Events), nil
}

// nextStep is what a person does now about an incident.
func nextStep(s *respond.State) string {
	id := s.Opened.Incident
	switch {
	case s.Phase == "closed":
		return "firebreak report " + id
	case contained(s):
		return "firebreak run compromised-workflow --incident " + id
	case s.Phase == "paused" && s.Handed != nil:
		return s.Owner + " goes on with firebreak resume " + id
	case s.Phase == "paused" && s.Pause != nil && s.Pause.Reason != "" && Code(s.Pause.Code) != Interrupted && !left(s):
		return s.Pause.Reason + "; then firebreak resume " + id
	}
	return "firebreak resume " + id
}

// left reports whether a person ended the last sitting by choice.
func left(s *respond.State) bool {
	return s.Pause != nil && (strings.HasPrefix(s.Pause.Reason, "paused by ") || strings.HasPrefix(s.Pause.Reason, "handed over to "))
}

// picture is the JSON and human form of an incident.
func picture(d *respond.Decider) view.Incident {
	s := d.State()
	return view.NewIncident(s, nextStep(s))
}
