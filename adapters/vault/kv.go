package vault

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"github.com/hashicorp/vault/api"

	"github.com/firebreak/firebreak/adapters"
)

// document is one version of a KV path. Its data stays in memory.
type document struct {
	version int            // 0 when the path does not exist
	data    map[string]any // nil when there is none, or it was deleted or destroyed
	gone    bool           // the version is deleted or destroyed
}

// current reads the newest version.
func (c *client) current(ctx context.Context, s store) (document, error) { return c.version(ctx, s, 0) }

// version reads one version, the newest for 0. A path that does not exist is
// version 0; a version which is deleted or destroyed has no data.
func (c *client) version(ctx context.Context, s store, n int) (document, error) {
	var query map[string][]string
	if n > 0 {
		query = map[string][]string{"version": {strconv.Itoa(n)}}
	}
	sec, err := c.read(ctx, s.mount+"/data/"+s.path, query)
	var st *adapters.Status
	if errors.As(err, &st) && st.Code == http.StatusNotFound {
		return document{}, nil
	}
	if err != nil {
		return document{}, err
	}
	meta, ok := sec.Data["metadata"].(map[string]any)
	if !ok {
		return document{}, fmt.Errorf("%s has no version metadata; is it a KV version 2 mount?", s)
	}
	d := document{}
	if d.version, ok = number(meta["version"]); !ok || d.version < 1 {
		return document{}, fmt.Errorf("%s has no version number; is it a KV version 2 mount?", s)
	}
	if sec.Data["data"] == nil {
		d.gone = true
		return d, nil
	}
	if d.data, ok = sec.Data["data"].(map[string]any); !ok {
		return document{}, fmt.Errorf("%s is not a map of keys; is it a KV version 2 mount?", s)
	}
	return d, nil
}

// metadata gives the newest version's number, 0 when the path does not exist, and
// the versions that are destroyed.
func (c *client) metadata(ctx context.Context, s store) (version int, destroyed []int, err error) {
	sec, err := c.read(ctx, s.mount+"/metadata/"+s.path, nil)
	var st *adapters.Status
	if errors.As(err, &st) && st.Code == http.StatusNotFound {
		return 0, nil, nil
	}
	if err != nil {
		return 0, nil, err
	}
	version, ok := number(sec.Data["current_version"])
	if !ok {
		return 0, nil, fmt.Errorf("%s has no current version; is it a KV version 2 mount?", s)
	}
	versions, _ := sec.Data["versions"].(map[string]any)
	for n, v := range versions {
		m, _ := v.(map[string]any)
		if i, err := strconv.Atoi(n); err == nil && m["destroyed"] == true {
			destroyed = append(destroyed, i)
		}
	}
	slices.Sort(destroyed)
	return version, destroyed, nil
}

// whole gives the versions that still have their data, or could get it back, sorted.
func (c *client) whole(ctx context.Context, s store) ([]int, error) {
	sec, err := c.read(ctx, s.mount+"/metadata/"+s.path, nil)
	var st *adapters.Status
	if errors.As(err, &st) && st.Code == http.StatusNotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	versions, ok := sec.Data["versions"].(map[string]any)
	if !ok {
		return nil, fmt.Errorf("%s has no versions; is it a KV version 2 mount?", s)
	}
	var out []int
	for text, v := range versions {
		n, err := strconv.Atoi(text)
		m, is := v.(map[string]any)
		gone, told := m["destroyed"].(bool)
		if err != nil || !is || !told {
			return nil, fmt.Errorf("the metadata of %s does not tell of its version %q whether it is destroyed", s, text)
		}
		if !gone {
			out = append(out, n)
		}
	}
	slices.Sort(out)
	return out, nil
}

// put writes a new version if the newest one is cas, and gives its number.
func (c *client) put(ctx context.Context, s store, data map[string]any, cas int) (int, *http.Response, error) {
	ctx, resp := listen(ctx)
	sec, err := c.writes.KVv2(s.mount).Put(ctx, s.path, data, api.WithCheckAndSet(cas))
	if err != nil {
		return 0, *resp, err
	}
	if sec.VersionMetadata == nil || sec.VersionMetadata.Version < 1 {
		return 0, *resp, errors.New("the answer names no version")
	}
	return sec.VersionMetadata.Version, *resp, nil
}
