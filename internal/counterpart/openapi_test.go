package counterpart

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"
)

// A judge that finds nothing proves nothing: each way to differ is found, and what
// is right is let through.
func TestEveryWayToDifferIsFound(t *testing.T) {
	d, err := describe(filepath.Join("testdata", "small.json"))
	if err != nil {
		t.Fatal(err)
	}
	const good = `{"url":"http://a/1","owners":[{"login":"a"},{"team":"b"}],"labels":{"any":"x"}}`
	for _, c := range []struct {
		name, address, sent string
		status              int
		got, want           string
	}{
		{"as described", "/things/1?page=2", `{"name":"a"}`, 200, good, ""},
		{"nothing to say", "/things/1", `{"name":"a"}`, 204, "", ""},
		{"no such operation", "/others/1", `{}`, 200, good, "PUT /others/1: we send address"},
		{"a path parameter", "/things/one", `{"name":"a"}`, 200, good, "path parameter id"},
		{"a query parameter", "/things/1?page=x", `{"name":"a"}`, 200, good, "query parameter page"},
		{"an unknown query parameter", "/things/1?pages=1", `{"name":"a"}`, 200, good, "query parameter pages"},
		{"a lacking member of the request", "/things/1", `{}`, 200, good, "we send /name"},
		{"an unknown member of the request", "/things/1", `{"name":"a","nam":"b"}`, 200, good, "we send /nam:"},
		{"a member of another type", "/things/1", `{"name":1}`, 200, good, `we send /name`},
		{"a lacking member", "/things/1", `{"name":"a"}`, 200, `{"url":"http://a/1"}`, "the world answers /owners"},
		{"an unknown member", "/things/1", `{"name":"a"}`, 200, strings.Replace(good, `"url"`, `"uri":1,"url"`, 1), "the world answers /uri"},
		{"an unknown member deep inside", "/things/1", `{"name":"a"}`, 200, strings.Replace(good, `"login":`, `"id":1,"login":`, 1), "the world answers /owners/0/id"},
		{"neither of both", "/things/1", `{"name":"a"}`, 200, strings.Replace(good, `"login"`, `"log"`, 1), "the world answers /owners/0"},
		{"an address that is none", "/things/1", `{"name":"a"}`, 200, strings.Replace(good, `http://a/1`, ``, 1), "the world answers /url"},
		{"a status", "/things/1", `{"name":"a"}`, 202, good, "the world answers status"},
		{"a refusal's body", "/things/1", `{"name":"a"}`, 409, `{"messages":1}`, "the world answers /messages"},
		{"a body where there is none", "/things/1", `{"name":"a"}`, 204, good, "the world answers body"},
		{"a body that breaks off", "/things/1", `{"name":"a"}`, 200, good[:20], "the world answers"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPut, published+c.address, nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Content-Type", "application/json")
			var told []string
			for _, v := range d.judge(exchange{r, []byte(c.sent), c.status, http.Header{"Content-Type": {"application/json"}}, []byte(c.got)}) {
				told = append(told, v.String())
			}
			all := strings.Join(told, "\n")
			if (c.want == "") != (all == "") || !strings.Contains(all, c.want) {
				t.Errorf("found:\n%s\nwant %q", all, c.want)
			}
		})
	}
}

// An exception is used up by an exchange that needs it, and listed until then.
func TestExceptionsThatNothingNeedsAreListed(t *testing.T) {
	d, err := describe(filepath.Join("testdata", "small.json"))
	if err != nil {
		t.Fatal(err)
	}
	if got := d.Unneeded(); len(got) != len(exceptions) {
		t.Errorf("nothing was judged, and only %v are not needed", got)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPut, published+"/things/1", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	if found := d.judge(exchange{r, []byte(`{"name":"a"}`), 403, http.Header{}, []byte(`{"message":"no"}`)}); len(found) > 0 {
		t.Errorf("a documented refusal is a violation: %v", found)
	}
	if got := d.Unneeded(); len(got) != len(exceptions)-1 {
		t.Errorf("after a refusal %v are not needed", got)
	}
}
