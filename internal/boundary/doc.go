// Package boundary judges whether a workflow keeps untrusted code away from what
// it must not have. Check gives the findings of every rule; Gate says which of
// them hold gate 5, so that a workflow is not switched on again before it is mended.
//
// A rule is one file with one sentence why it exists. All are pure: the same
// models and inventory give the same findings in the same order. What cannot be
// judged is a finding of severity "unknown", never silence.
package boundary
