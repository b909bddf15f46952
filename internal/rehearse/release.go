package rehearse

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// release is one version of a package, as whoever holds a token publishes it: the
// attacker or the team.
type release struct {
	registry string // its address, without a slash at the end
	token    string
	name     string
	version  string
	tarball  []byte
}

// put publishes the version the way npm does and gives the status.
// Source: npm CLI, libnpmpublish.
func (r release) put(ctx context.Context, c *http.Client) (int, error) {
	file := r.name[strings.LastIndexByte(r.name, '/')+1:] + "-" + r.version + ".tgz"
	body, err := json.Marshal(map[string]any{
		"_id": r.name, "name": r.name, "dist-tags": map[string]string{"latest": r.version},
		"versions":     map[string]any{r.version: map[string]string{"name": r.name, "version": r.version}},
		"_attachments": map[string]any{file: map[string]any{"content_type": "application/octet-stream", "data": base64.StdEncoding.EncodeToString(r.tarball), "length": len(r.tarball)}},
	})
	if err != nil {
		return 0, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPut, r.registry+"/"+url.PathEscape(r.name), bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	req.Header.Set("Authorization", "Bearer "+r.token)
	req.Header.Set("Content-Type", "application/json")
	return status(c, req)
}

// newest is the last of a package's versions, "0.0.0" when it has none.
func newest(versions []string) string {
	if len(versions) == 0 {
		return "0.0.0"
	}
	return versions[len(versions)-1]
}

// signed puts a user agent on every request, the SDK's own included.
type signed struct {
	agent string
	next  http.RoundTripper
}

func (s signed) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("User-Agent", s.agent)
	return s.next.RoundTrip(r)
}

func send(c *http.Client, req *http.Request) error {
	_, err := status(c, req)
	return err
}

func status(c *http.Client, req *http.Request) (int, error) {
	resp, err := c.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close() //nolint:errcheck // only read
	_, err = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode, err
}
