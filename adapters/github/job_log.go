package github

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"

	"github.com/firebreak/firebreak/adapters"
)

// Resolved is an action as a job really took it: the ref the workflow wrote and the
// commit it stood for at that moment. Only the job's log has this for a ref that has
// moved since.
type Resolved struct {
	Uses string // "owner/name@ref"
	SHA  string
}

// resolvedLine is the runner's line, at the beginning of every job's log.
// Source: actions/runner, ActionManager: "Download action repository".
var resolvedLine = regexp.MustCompile(`Download action repository '([^'@\s]+@[^'\s]+)' \(SHA:([0-9a-f]{40})\)`)

// read of a log at most: the lines stand in "Set up job", long before the steps' own.
const logHead = 1 << 20

// Resolved reads from a job's log which actions it took at which commit. It stops
// reading after the part of the log that can have them.
func (p *Provider) Resolved(ctx context.Context, repository string, job int64) ([]Resolved, error) {
	to, err := p.lent(ctx, at(repository, "actions", "jobs", strconv.FormatInt(job, 10), "logs"))
	switch status(err) {
	case http.StatusGone, http.StatusNotFound:
		return nil, fmt.Errorf("GitHub has no log of job %d: it expired, was deleted, or the job has not ended", job)
	}
	if err != nil {
		return nil, fmt.Errorf("the log of job %d: %s", job, adapters.Cause(err))
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, to.String(), nil)
	if err != nil {
		return nil, errors.New("the address of a log is not one")
	}
	req.Header.Set("User-Agent", p.agent())
	resp, err := p.downloads.Do(req)
	if err != nil {
		return nil, errors.New(adapters.Cause(err)) // an address holds a signature in its query
	}
	if resp.StatusCode != http.StatusOK {
		return nil, errors.Join(fmt.Errorf("the download of a log answered %d", resp.StatusCode), resp.Body.Close())
	}
	out, err := resolved(io.LimitReader(resp.Body, logHead))
	return out, errors.Join(err, resp.Body.Close())
}

func resolved(r io.Reader) ([]Resolved, error) {
	var out []Resolved
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, 64<<10), logHead+1)
	for lines.Scan() {
		if m := resolvedLine.FindStringSubmatch(lines.Text()); m != nil {
			out = append(out, Resolved{Uses: m[1], SHA: m[2]})
		}
	}
	return out, lines.Err()
}
