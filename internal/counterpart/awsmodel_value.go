package counterpart

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// value is a value on the wire, in one of three notations. trouble, when not "", says
// that it is not written as its kind has to be.
type value interface {
	members() (names []string, trouble string)
	member(name string) value
	items() (all []value, trouble string)
	entries() (all map[string]value, trouble string)
	scalar() (text, kind string, trouble string) // kind as in JSON; "" where the notation has but text
}

// form is a value of the query protocol: parameters below a prefix.
// Source: Smithy, "AWS Query protocol": A.member.1.B=x; maps by entry.N.key and .value.
type form struct {
	all url.Values
	at  string // "" or ends in a dot
}

func (f form) members() ([]string, string) {
	seen := map[string]bool{}
	for k := range f.all {
		if rest, ok := strings.CutPrefix(k, f.at); ok {
			first, _, _ := strings.Cut(rest, ".")
			seen[first] = true
		}
	}
	return slices.Sorted(maps.Keys(seen)), ""
}

func (f form) member(name string) value { return form{f.all, f.at + name + "."} }

func (f form) items() ([]value, string) {
	names, _ := f.member("member").members()
	var out []value
	for i := range names {
		n := strconv.Itoa(i + 1)
		if !slices.Contains(names, n) {
			return nil, "the members of a list are not numbered from 1 on"
		}
		out = append(out, form{f.all, f.at + "member." + n + "."})
	}
	if len(out) == 0 && !slices.Equal(f.all[strings.TrimSuffix(f.at, ".")], []string{""}) {
		return nil, "not a list"
	}
	return out, ""
}

func (form) entries() (map[string]value, string) { return nil, "no operation we use takes a map" }

func (f form) scalar() (string, string, string) {
	v := f.all[strings.TrimSuffix(f.at, ".")]
	if len(v) != 1 {
		return "", "", fmt.Sprintf("%d values, one is wanted", len(v))
	}
	return v[0], "", ""
}

// element is a value of an XML answer.
type element struct {
	XMLName  xml.Name
	Text     string    `xml:",chardata"`
	Children []element `xml:",any"`
}

func (e element) members() ([]string, string) {
	var names []string
	for _, c := range e.Children {
		if slices.Contains(names, c.XMLName.Local) {
			return nil, c.XMLName.Local + " is there twice"
		}
		names = append(names, c.XMLName.Local)
	}
	if strings.TrimSpace(e.Text) != "" {
		return nil, "there is text beside the members"
	}
	return names, ""
}

func (e element) member(name string) value {
	i := slices.IndexFunc(e.Children, func(c element) bool { return c.XMLName.Local == name })
	return e.Children[i]
}

func (e element) items() ([]value, string) {
	var out []value
	for _, c := range e.Children {
		if c.XMLName.Local != "member" {
			return nil, "a list has <" + c.XMLName.Local + "> in it, not <member>"
		}
		out = append(out, c)
	}
	return out, ""
}

func (element) entries() (map[string]value, string) {
	return nil, "no operation we use answers a map in XML"
}

func (e element) scalar() (string, string, string) {
	if len(e.Children) > 0 {
		return "", "", "it has members"
	}
	return e.Text, "", ""
}

// document is a value of a JSON body.
type document struct{ json.RawMessage }

func (d document) members() ([]string, string) {
	all, trouble := d.entries()
	return slices.Sorted(maps.Keys(all)), trouble
}

func (d document) member(name string) value {
	all, _ := d.entries()
	return all[name]
}

func (d document) items() ([]value, string) {
	var all []json.RawMessage
	if json.Unmarshal(d.RawMessage, &all) != nil || all == nil {
		return nil, "not a list"
	}
	var out []value
	for _, x := range all {
		out = append(out, document{x})
	}
	return out, ""
}

func (d document) entries() (map[string]value, string) {
	var all map[string]json.RawMessage
	if json.Unmarshal(d.RawMessage, &all) != nil || all == nil {
		return nil, "not an object"
	}
	out := map[string]value{}
	for k, x := range all {
		out[k] = document{x}
	}
	return out, ""
}

func (d document) scalar() (string, string, string) {
	var v any
	if json.Unmarshal(d.RawMessage, &v) != nil {
		return "", "", "not JSON"
	}
	switch x := v.(type) {
	case string:
		return x, "string", ""
	case float64:
		return string(d.RawMessage), "number", ""
	case bool:
		return strconv.FormatBool(x), "boolean", ""
	}
	return "", "", "neither text nor number nor boolean"
}
