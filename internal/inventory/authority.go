package inventory

import (
	"slices"

	"github.com/firebreak/firebreak/internal/workflow"
)

// authority is what a deed shows its credential to be good for, in the words of the
// configuration. Nil: nothing of the kind.
func authority(kind workflow.Kind, system string) []string {
	switch kind {
	case workflow.Publish:
		return []string{"publish"}
	case workflow.Deploy:
		switch system {
		case "terraform", "pulumi": // what makes infrastructure makes its keys and roles
			return []string{"deploy", "rotate"}
		case "database": // what migrates a schema reads the rows
			return []string{"deploy", "read"}
		}
		return []string{"deploy"}
	case workflow.Rotate:
		return []string{"rotate"}
	case workflow.Sign:
		return []string{"sign"}
	case workflow.Read, workflow.Load, workflow.Download, workflow.Build:
		return []string{"read"}
	case workflow.Repo, workflow.Mint:
		return []string{"escalate"}
	}
	return nil
}

// labels are the systems in the words people use.
var labels = map[string]string{
	"aws": "AWS", "aws-secrets": "secrets manager", "gcp": "Google Cloud", "gcp-secrets": "secret manager", "azure": "Azure", "azure-secrets": "key vault",
	"vault": "Vault", "kubernetes": "Kubernetes", "oci": "registry", "npm": "npm registry", "pypi": "PyPI", "python": "package index", "rubygems": "RubyGems",
	"ruby": "RubyGems", "crates": "crates.io", "rust": "crates.io", "nuget": "NuGet", "dotnet": "NuGet", "maven": "Maven repository", "java": "Maven repository",
	"php": "Packagist", "go": "Go modules", "github": "GitHub", "github-pages": "GitHub Pages", "terraform": "infrastructure (Terraform)", "pulumi": "infrastructure (Pulumi)",
	"ssh": "hosts by SSH", "ftp": "hosts by FTP", "vscode": "VS Code Marketplace", "snap": "Snap Store", "helm": "Helm repository", "homebrew": "Homebrew",
	"cloudflare": "Cloudflare", "vercel": "Vercel", "netlify": "Netlify", "fly": "Fly.io", "heroku": "Heroku", "railway": "Railway", "digitalocean": "DigitalOcean",
	"sigstore": "Sigstore", "gpg": "a GPG key", "apple": "Apple signing", "windows": "Windows signing", "java-signing": "Java signing", "android": "Android signing",
	"slack": "Slack", "sentry": "Sentry", "codecov": "Codecov", "coveralls": "Coveralls", "sonar": "SonarQube", "snyk": "Snyk", "datadog": "Datadog",
	"1password": "1Password", "doppler": "Doppler", "infisical": "Infisical", "bitwarden": "Bitwarden", "sops": "SOPS files", "akeyless": "Akeyless",
	"tailscale": "Tailscale", "chainguard": "Chainguard", "winget": "winget",
}

func label(system string) string {
	if l, ok := labels[system]; ok {
		return l
	}
	return system
}

// learned is what a deed adds to a credential or identity. What the configuration
// says of either stays as it says it.
func (b *builder) learned(id string, authorities, systems *[]string, d *deed, place string) {
	words := authority(d.kind, d.system)
	if words == nil && d.kind != workflow.Tell {
		return
	}
	said := b.said[id]
	for _, w := range words {
		if !said.authority && !slices.Contains(*authorities, w) {
			*authorities = append(*authorities, w)
		}
	}
	name := label(d.system)
	if place != "" && d.system == "oci" {
		name = place
	}
	if !said.systems && !slices.Contains(*systems, name) {
		*systems = append(*systems, name)
	}
}

// said is what the configuration states, so that nothing is inferred in its place.
type said struct{ authority, systems bool }
