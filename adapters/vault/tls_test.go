package vault_test

import (
	"crypto/x509"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/adapters/vault"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/secret"
)

// secured puts TLS with a certificate nobody knows in front of a place.
func secured(t *testing.T, p *place) *httptest.Server {
	t.Helper()
	u, err := url.Parse(p.Address)
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewUnstartedServer(httputil.NewSingleHostReverseProxy(u))
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

func TestVaultIsBelievedByItsOwnCertificates(t *testing.T) {
	both(t, func(t *testing.T, g ground) {
		p := g.open(t, seed())
		s := secured(t, p)
		base := &http.Transport{}
		t.Cleanup(base.CloseIdleConnections)
		wire := p.wire()
		wire.Transport = base
		over := func(roots *x509.CertPool) *vault.Provider {
			v, err := vault.New(vault.Config{Address: s.URL, Token: secret.NewString(p.value("operator")), Roots: roots}, wire)
			if err != nil {
				t.Fatal(err)
			}
			return v
		}
		roots := x509.NewCertPool()
		roots.AddCert(s.Certificate())
		if _, err := over(roots).Self(t.Context()); err != nil {
			t.Errorf("with its certificate: %v", err)
		}
		_, err := over(nil).Self(t.Context())
		if err == nil || !strings.Contains(err.Error(), "VAULT_CACERT") {
			t.Errorf("with the system's: want the next step, got %v", err)
		}
		if _, err := over(x509.NewCertPool()).Self(t.Context()); err == nil {
			t.Error("certificates of nobody vouch for it")
		}
		if base.TLSClientConfig != nil && base.TLSClientConfig.RootCAs != nil {
			t.Error("what vouches for Vault vouches for everybody now")
		}
	})
}

// Nothing of a mutation left where the certificate is not believed: it may be sent again.
func TestAMutationToAStrangerIsNotSent(t *testing.T) {
	p := inWorld(t, seed())
	s := secured(t, p)
	wire := p.wire()
	base := &http.Transport{}
	t.Cleanup(base.CloseIdleConnections)
	wire.Transport = base
	v, err := vault.New(vault.Config{Address: s.URL, Token: secret.NewString(operator)}, wire)
	if err != nil {
		t.Fatal(err)
	}
	_, tk := p.acts(t, "vault.token.revoke", ciRole(), nil)
	for _, a := range v.Actions() {
		if a.Spec().Name != "vault.token.revoke" {
			continue
		}
		if out := a.Apply(t.Context(), tk, tk.Action.Calls[0]); out.State != plan.Refused || !strings.Contains(out.Detail, "VAULT_CACERT") {
			t.Errorf("got %+v", out.Outcome)
		}
	}
}

// A transport that cannot take certificates is no reason to go without them.
func TestCertificatesAreNotDropped(t *testing.T) {
	_, err := vault.New(vault.Config{Address: "https://127.0.0.1:1", Roots: x509.NewCertPool()}, adapters.Wire{Transport: prefixed{http.DefaultTransport}})
	if err == nil || !strings.Contains(err.Error(), "VAULT_CACERT") {
		t.Errorf("got %v", err)
	}
}
