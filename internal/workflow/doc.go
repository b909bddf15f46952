// Package workflow turns one GitHub Actions workflow file into a typed trust
// model: what starts it and with whose authority, what each job may do, and
// every place where a secret, a token or foreign code comes in, with line and
// column.
//
// Begin with Parse; ParseAction reads a local composite action. Both are pure:
// no file, no network, no clock. Both give a model for any input: what could not
// be understood is a problem beside the model, never an omission. The structure
// is read by actionlint's parser; secrets are found by a walk over the whole YAML
// tree, so a key that the parser does not know cannot hide one.
//
// Names of secrets and variables are upper case: GitHub compares them without
// case. Source: GitHub Docs, "Using secrets in GitHub Actions".
package workflow
