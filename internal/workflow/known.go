package workflow

import (
	"regexp"
	"strings"
)

// Kind is what a known action or command is for.
type Kind string

const (
	Checkout Kind = "checkout"
	Login    Kind = "login"    // becomes an identity or takes a credential for later steps
	Publish  Kind = "publish"  // hands a package or image to others
	Deploy   Kind = "deploy"   // changes a running system
	Caches   Kind = "cache"    // restores and saves a cache shared between runs
	Upload   Kind = "upload"   // stores an artifact
	Download Kind = "download" // fetches an artifact
)

// Known is a public action whose meaning for secrets is known.
type Known struct {
	Uses   string // "owner/name" or "owner/name/path"
	Kind   Kind
	System string // "aws", "vault", "npm", ...
	// Identity is the kind of identity a login becomes (as in firebreak.yaml) and Input
	// the input that names it; Mount the input that names where it logs in.
	Identity, Input, Mount string
	// Secrets are the inputs that take a credential's value.
	Secrets []string
	// When, an input that must be set for Kind to hold (a setup action's "cache").
	When   string
	Source string
}

// known is every action this program knows. Each action's README (action.yml) is the source
// of its inputs; other sources are named.
var known = []Known{
	{Uses: "actions/checkout", Kind: Checkout, System: "github", Secrets: []string{"token", "ssh-key"}, Source: "actions/checkout action.yml"},
	{Uses: "aws-actions/configure-aws-credentials", Kind: Login, System: "aws", Identity: "aws.role", Input: "role-to-assume", Secrets: []string{"aws-access-key-id", "aws-secret-access-key", "aws-session-token"}, Source: "aws-actions/configure-aws-credentials action.yml"},
	{Uses: "hashicorp/vault-action", Kind: Login, System: "vault", Identity: "vault.jwt_role", Input: "role", Mount: "path", Secrets: []string{"token", "secretId", "githubToken", "jwtPrivateKey", "password"}, Source: "hashicorp/vault-action action.yml"},
	{Uses: "google-github-actions/auth", Kind: Login, System: "gcp", Identity: "gcp.workload_identity", Input: "workload_identity_provider", Secrets: []string{"credentials_json"}, Source: "google-github-actions/auth action.yml"},
	{Uses: "azure/login", Kind: Login, System: "azure", Identity: "azure.federated_credential", Input: "client-id", Secrets: []string{"creds"}, Source: "azure/login action.yml"},
	{Uses: "docker/login-action", Kind: Login, System: "oci", Secrets: []string{"password"}, Source: "docker/login-action action.yml"},
	{Uses: "aws-actions/amazon-ecr-login", Kind: Login, System: "aws", Source: "aws-actions/amazon-ecr-login action.yml"},
	{Uses: "rubygems/configure-rubygems-credentials", Kind: Login, System: "rubygems", Identity: "rubygems.role", Input: "role-to-assume", Secrets: []string{"api-token"}, Source: "rubygems/configure-rubygems-credentials action.yml"},
	{Uses: "rust-lang/crates-io-auth-action", Kind: Login, System: "crates", Source: "rust-lang/crates-io-auth-action action.yml"},
	{Uses: "pypa/gh-action-pypi-publish", Kind: Publish, System: "pypi", Secrets: []string{"password"}, Source: "pypa/gh-action-pypi-publish action.yml"},
	{Uses: "JS-DevTools/npm-publish", Kind: Publish, System: "npm", Secrets: []string{"token"}, Source: "JS-DevTools/npm-publish action.yml"},
	{Uses: "changesets/action", Kind: Publish, System: "npm", When: "publish", Source: "changesets/action action.yml"},
	{Uses: "goreleaser/goreleaser-action", Kind: Publish, System: "github", Source: "goreleaser/goreleaser-action action.yml"},
	{Uses: "softprops/action-gh-release", Kind: Publish, System: "github", Secrets: []string{"token"}, Source: "softprops/action-gh-release action.yml"},
	{Uses: "docker/build-push-action", Kind: Publish, System: "oci", When: "push", Secrets: []string{"github-token"}, Source: "docker/build-push-action action.yml"},
	{Uses: "katyo/publish-crates", Kind: Publish, System: "crates", Secrets: []string{"registry-token"}, Source: "katyo/publish-crates action.yml"},
	{Uses: "HaaLeo/publish-vscode-extension", Kind: Publish, System: "vscode", Secrets: []string{"pat"}, Source: "HaaLeo/publish-vscode-extension action.yml"},
	{Uses: "peaceiris/actions-gh-pages", Kind: Deploy, System: "github-pages", Secrets: []string{"github_token", "deploy_key", "personal_token"}, Source: "peaceiris/actions-gh-pages action.yml"},
	{Uses: "actions/deploy-pages", Kind: Deploy, System: "github-pages", Secrets: []string{"token"}, Source: "actions/deploy-pages action.yml"},
	{Uses: "cloudflare/wrangler-action", Kind: Deploy, System: "cloudflare", Secrets: []string{"apiToken"}, Source: "cloudflare/wrangler-action action.yml"},
	{Uses: "amondnet/vercel-action", Kind: Deploy, System: "vercel", Secrets: []string{"vercel-token"}, Source: "amondnet/vercel-action action.yml"},
	{Uses: "aws-actions/amazon-ecs-deploy-task-definition", Kind: Deploy, System: "aws", Source: "aws-actions/amazon-ecs-deploy-task-definition action.yml"},
	{Uses: "google-github-actions/deploy-cloudrun", Kind: Deploy, System: "gcp", Source: "google-github-actions/deploy-cloudrun action.yml"},
	{Uses: "azure/webapps-deploy", Kind: Deploy, System: "azure", Secrets: []string{"publish-profile"}, Source: "azure/webapps-deploy action.yml"},
	{Uses: "azure/k8s-deploy", Kind: Deploy, System: "azure", Source: "azure/k8s-deploy action.yml"},
	{Uses: "appleboy/ssh-action", Kind: Deploy, System: "ssh", Secrets: []string{"key", "password", "passphrase"}, Source: "appleboy/ssh-action action.yml"},
	{Uses: "actions/cache", Kind: Caches, System: "github", Source: "actions/cache action.yml"},
	{Uses: "Swatinem/rust-cache", Kind: Caches, System: "github", Source: "Swatinem/rust-cache action.yml"},
	{Uses: "actions/setup-node", Kind: Caches, System: "github", When: "cache", Secrets: []string{"token"}, Source: "actions/setup-node action.yml"},
	{Uses: "actions/setup-python", Kind: Caches, System: "github", When: "cache", Secrets: []string{"token"}, Source: "actions/setup-python action.yml"},
	{Uses: "actions/setup-java", Kind: Caches, System: "github", When: "cache", Secrets: []string{"token", "gpg-private-key"}, Source: "actions/setup-java action.yml"},
	{Uses: "ruby/setup-ruby", Kind: Caches, System: "github", When: "bundler-cache", Source: "ruby/setup-ruby action.yml"},
	{Uses: "gradle/actions/setup-gradle", Kind: Caches, System: "github", Source: "gradle/actions docs, setup-gradle: caching is on unless switched off"},
	{Uses: "actions/setup-go", Kind: Caches, System: "github", Secrets: []string{"token"}, Source: "actions/setup-go action.yml: caching is on unless switched off"},
	{Uses: "actions/upload-artifact", Kind: Upload, System: "github", Source: "actions/upload-artifact action.yml"},
	{Uses: "actions/download-artifact", Kind: Download, System: "github", Secrets: []string{"github-token"}, Source: "actions/download-artifact action.yml"},
	{Uses: "dawidd6/action-download-artifact", Kind: Download, System: "github", Secrets: []string{"github_token"}, Source: "dawidd6/action-download-artifact action.yml"},
}

// KnownAction finds the action of a uses value, whatever its ref and case.
func KnownAction(uses string) (Known, bool) {
	name, _, _ := strings.Cut(uses, "@")
	for _, k := range known {
		if strings.EqualFold(name, k.Uses) || (len(name) > len(k.Uses) && strings.EqualFold(name[:len(k.Uses)+1], k.Uses+"/")) {
			return k, true
		}
	}
	return Known{}, false
}

// Command is a shell command whose meaning for secrets is known.
type Command struct {
	Kind   Kind
	System string
	Match  *regexp.Regexp
	// Env are the variables the command takes its credential from.
	Env    []string
	Source string
}

// commands is every command this program knows.
var commands = []Command{
	{Publish, "npm", command(`(?:npm|pnpm|yarn(?:\s+npm)?|bun)\s+(?:-\S+\s+)*publish`, `(?:npx\s+)?semantic-release`, `(?:npx\s+)?lerna\s+publish`, `(?:npx\s+)?changeset\s+publish`), []string{"NODE_AUTH_TOKEN", "NPM_TOKEN", "NPM_AUTH_TOKEN", "YARN_NPM_AUTH_TOKEN", "NPM_CONFIG_TOKEN"}, "npm Docs, npm publish; actions/setup-node, advanced usage"},
	{Publish, "pypi", command(`(?:python3?\s+-m\s+)?twine\s+upload`, `(?:poetry|flit|hatch|uv|pdm|maturin)\s+(?:publish|upload)`), []string{"TWINE_PASSWORD", "POETRY_PYPI_TOKEN_PYPI", "UV_PUBLISH_TOKEN", "FLIT_PASSWORD", "HATCH_INDEX_AUTH", "MATURIN_PYPI_TOKEN", "PYPI_TOKEN"}, "Python Packaging User Guide; each tool's manual"},
	{Publish, "crates", command(`cargo\s+(?:\+\S+\s+)?publish`), []string{"CARGO_REGISTRY_TOKEN"}, "The Cargo Book, cargo publish"},
	{Publish, "rubygems", command(`gem\s+push`, `rake\s+release`), []string{"GEM_HOST_API_KEY", "RUBYGEMS_API_KEY"}, "RubyGems Guides, publishing"},
	{Publish, "nuget", command(`(?:dotnet\s+)?nuget\s+push`), []string{"NUGET_API_KEY", "NUGET_TOKEN"}, "Microsoft Learn, dotnet nuget push"},
	{Publish, "maven", command(`(?:mvn|\./mvnw)\s+[^\n]*\bdeploy`, `(?:gradle|\./gradlew)\s+[^\n]*\bpublish\w*`), []string{"MAVEN_PASSWORD", "OSSRH_PASSWORD", "OSSRH_TOKEN", "SONATYPE_PASSWORD", "MAVEN_GPG_PASSPHRASE"}, "Sonatype Central, publishing"},
	{Publish, "oci", command(`docker\s+(?:image\s+)?push`, `docker\s+buildx\s+[^\n]*--push`, `helm\s+push`, `(?:crane|oras|skopeo)\s+(?:push|copy)`, `podman\s+push`), []string{"DOCKER_PASSWORD", "DOCKERHUB_TOKEN", "DOCKER_TOKEN", "DOCKERHUB_PASSWORD"}, "Docker Docs, docker push"},
	{Publish, "github", command(`gh\s+release\s+(?:create|upload|edit)`, `goreleaser\s+release`), []string{"GITHUB_TOKEN", "GH_TOKEN"}, "GitHub CLI manual, gh release"},
	{Deploy, "aws", command(`aws\s+(?:s3\s+(?:sync|cp|rm|mv)|s3api\s+put|ecs\s+(?:update|run|register)|lambda\s+(?:update|publish)|cloudformation\s+(?:deploy|create|update)|cloudfront\s+create-invalidation|deploy|ssm\s+send-command)`, `cdk\s+deploy`, `sam\s+deploy`, `(?:serverless|sls)\s+deploy`, `eb\s+deploy`), []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"}, "AWS CLI Command Reference; each tool's manual"},
	{Deploy, "terraform", command(`(?:terraform|tofu|terragrunt)\s+(?:-\S+\s+)*(?:apply|destroy)`, `pulumi\s+up`), []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "TF_API_TOKEN", "PULUMI_ACCESS_TOKEN", "ARM_CLIENT_SECRET", "GOOGLE_CREDENTIALS"}, "Terraform CLI, apply; Pulumi CLI, up"},
	{Deploy, "kubernetes", command(`kubectl\s+[^\n]*\b(?:apply|create|set|patch|rollout|replace)`, `helm\s+(?:upgrade|install)`), []string{"KUBECONFIG", "KUBE_CONFIG", "KUBE_TOKEN"}, "Kubernetes documentation, kubectl; Helm documentation"},
	{Deploy, "gcp", command(`gcloud\s+[^\n]*\b(?:deploy|app\s+deploy)`, `firebase\s+deploy`), []string{"FIREBASE_TOKEN", "GOOGLE_APPLICATION_CREDENTIALS"}, "Google Cloud CLI reference"},
	{Deploy, "hosting", command(`(?:npx\s+)?(?:vercel|netlify|wrangler|fly|flyctl|railway)\s+[^\n]*(?:deploy|--prod|publish)`, `git\s+push\s+[^\n]*(?:heroku|dokku)`), []string{"VERCEL_TOKEN", "NETLIFY_AUTH_TOKEN", "CLOUDFLARE_API_TOKEN", "FLY_API_TOKEN", "RAILWAY_TOKEN", "HEROKU_API_KEY"}, "each service's CLI reference"},
}

// command matches any of the patterns at the start of a shell word, outside of comments.
func command(patterns ...string) *regexp.Regexp {
	return regexp.MustCompile(`(?m)^[^#\n]*?(?:^|[\s;&|(!])(?:` + strings.Join(patterns, "|") + `)\b`)
}

var dryRun = regexp.MustCompile(`(?m)--dry-run\b`)

// Commands lists what is known to be run by a step. A script that only ever runs dry does nothing.
func (s *Step) Commands() []Command {
	var out []Command
	for _, c := range commands {
		for _, m := range c.Match.FindAllStringIndex(s.Run, -1) {
			line := s.Run[m[0]:]
			if i := strings.IndexByte(line[m[1]-m[0]:], '\n'); i >= 0 {
				line = line[:m[1]-m[0]+i]
			}
			if !dryRun.MatchString(line) {
				out = append(out, c)
				break
			}
		}
	}
	return out
}

// Known gives what a step's action is known for. An action that does something
// only with an input set is not known for it without.
func (s *Step) Known() (Known, bool) {
	if s.Uses == "" {
		return Known{}, false
	}
	k, ok := KnownAction(s.Uses)
	if !ok || k.When == "" {
		return k, ok
	}
	v, set := s.Input(k.When)
	return k, set && v.Value != "" && v.Value != "false"
}
