package view

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/firebreak/firebreak/internal/respond"
)

// EventsSchema names the ndjson stream. Fields are added, never renamed.
const EventsSchema = "firebreak.events/1"

// EventRecord is one line of an ndjson stream after its version line.
type EventRecord struct {
	Type     string       `json:"type"` // what happened; decides what data holds
	Incident string       `json:"incident"`
	Seq      int          `json:"seq"` // number of the record in the journal, from 1
	Time     time.Time    `json:"time"`
	Data     respond.Data `json:"data"` // the record itself
}

// VersionRecord is the first line of an ndjson stream.
type VersionRecord struct {
	Type    string `json:"type"` // "version"
	Schema  string `json:"schema"`
	Program string `json:"program"`
}

// ScoreRecord is the last line of a rehearsal's stream.
type ScoreRecord struct {
	Type     string `json:"type"` // "score"
	Incident string `json:"incident"`
	Score    any    `json:"score"` // what rehearse --output json gives
}

// ScoreLine writes the last line of a rehearsal's stream.
func ScoreLine(w io.Writer, incident string, score any) error {
	return json.NewEncoder(w).Encode(ScoreRecord{"score", incident, score})
}

// Version writes the first line of an ndjson stream.
func Version(w io.Writer, program string) error {
	return json.NewEncoder(w).Encode(VersionRecord{"version", EventsSchema, program})
}

// Record writes one event as a line. seq is its number in the journal, from 1.
func Record(w io.Writer, incident string, seq int, e respond.Event) error {
	return json.NewEncoder(w).Encode(EventRecord{e.Kind(), incident, seq, e.Time, e.Data})
}

// Events writes a whole journal as an ndjson stream.
func Events(w io.Writer, program, incident string, events []respond.Event) error {
	if err := Version(w, program); err != nil {
		return fmt.Errorf("write events: %w", err)
	}
	for i, e := range events {
		if err := Record(w, incident, i+1, e); err != nil {
			return fmt.Errorf("write events: %w", err)
		}
	}
	return nil
}
