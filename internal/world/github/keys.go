package github

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"
)

// A deploy key is known by its public half, as an authorized_keys line without a comment.

// PrivateKey makes a private key as OpenSSH writes it from a text, for a seed.
func PrivateKey(from string) (string, error) {
	seed := sha256.Sum256([]byte(from))
	block, err := ssh.MarshalPrivateKey(ed25519.NewKeyFromSeed(seed[:]), "")
	if err != nil {
		return "", fmt.Errorf("github world: make a deploy key: %w", err)
	}
	return string(pem.EncodeToMemory(block)), nil
}

// publicHalf is the public line of a private key, "" where the text is none.
func publicHalf(private string) string {
	if !strings.HasPrefix(private, "-----BEGIN ") {
		return ""
	}
	s, err := ssh.ParsePrivateKey([]byte(private))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(ssh.MarshalAuthorizedKey(s.PublicKey())))
}

// sowKeys gives the seed's keys their ids; one with a private half is a credential.
func (s *Server) sowKeys() {
	for i := range s.state.Keys {
		k := &s.state.Keys[i]
		k.ID = s.core.ID()
		if k.Private == "" {
			continue
		}
		if k.Public = publicHalf(k.Private); k.Credential == "" {
			k.Credential = fmt.Sprintf(madeKey+"%d", k.ID)
		}
		s.core.Born(k.Credential, k.Public)
		k.Private = "" // GitHub never has it
	}
}

// KeyOf is the id of a credential's deploy key, "" where GitHub has none.
func (s *Server) KeyOf(credential string) string {
	for _, k := range s.state.Keys {
		if k.Credential == credential && credential != "" {
			return strconv.FormatInt(k.ID, 10)
		}
	}
	return ""
}

// projectKeys adds the deploy keys: those of the seed by name, those made since by number.
func (s *Server) projectKeys(p map[string]string, at string) {
	made := 0
	for _, k := range s.state.Keys {
		switch {
		case strings.HasPrefix(k.Credential, madeKey):
			made++
		case k.Credential != "":
			p["credential "+k.Credential] = "alive"
		}
	}
	p[at+"deploy keys made"] = strconv.Itoa(made)
}

// madeKey begins the name of a key that somebody made while the world ran.
const madeKey = "deploy key "

func (s *Server) keyShape(k Key) map[string]any {
	public := k.Public
	if public == "" {
		public = "ssh-ed25519 AAAA"
	}
	return map[string]any{"id": k.ID, "url": s.repo("keys", k.ID), "key": public, "title": k.Title, "read_only": k.ReadOnly, "created_at": stamp(k.Created), "added_by": k.AddedBy, "verified": true}
}

func (s *Server) keys(r *http.Request) answer {
	list := []map[string]any{}
	for _, k := range s.state.Keys {
		list = append(list, s.keyShape(k))
	}
	return bare(r, list)
}

// postKey adds a deploy key. One that is in use is refused.
// Source: GitHub REST reference, "Create a deploy key".
func (s *Server) postKey(r *http.Request) answer {
	var in struct {
		Title    string `json:"title"`
		Key      string `json:"key"`
		ReadOnly bool   `json:"read_only"`
	}
	if json.NewDecoder(r.Body).Decode(&in) != nil {
		return fail(http.StatusBadRequest, "Problems parsing JSON")
	}
	public, _, _, _, err := ssh.ParseAuthorizedKey([]byte(in.Key))
	if err != nil {
		return fail(http.StatusUnprocessableEntity, "key is invalid. You must supply a key in OpenSSH public key format")
	}
	line := strings.TrimSpace(string(ssh.MarshalAuthorizedKey(public)))
	if slices.ContainsFunc(s.state.Keys, func(k Key) bool { return k.Public == line }) {
		return fail(http.StatusUnprocessableEntity, "key is already in use")
	}
	k := Key{ID: s.core.ID(), Title: in.Title, ReadOnly: in.ReadOnly, AddedBy: s.login(r), Created: s.core.Now().Truncate(time.Second), Public: line}
	k.Credential = fmt.Sprintf(madeKey+"%d", k.ID)
	s.core.Born(k.Credential, line)
	s.state.Keys = append(s.state.Keys, k)
	return answer{status: http.StatusCreated, body: s.keyShape(k)}
}

// deleteKey takes a deploy key away for good.
func (s *Server) deleteKey(r *http.Request) answer {
	i := slices.IndexFunc(s.state.Keys, func(k Key) bool { return strconv.FormatInt(k.ID, 10) == r.PathValue("key") })
	if i < 0 {
		return fail(http.StatusNotFound, "Not Found")
	}
	if c := s.state.Keys[i].Credential; c != "" {
		s.core.Dies(c, s.core.Now(), "deploy key deleted by "+s.login(r))
	}
	s.state.Keys = slices.Delete(s.state.Keys, i, i+1)
	return empty(http.StatusNoContent)
}
