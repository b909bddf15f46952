// Package mend makes changes to workflow files that make findings go away, where
// that can be done without understanding what the workflow is for.
//
// A change is data: byte ranges of the file's own text and what stands there
// instead. Nothing is written out again from a tree, so comments, order, line ends
// and layout stay. What cannot be changed with certainty is declined with a reason.
//
// Mend is pure. It judges what it has changed with the same rules that found fault
// and offers a change only when the finding is gone, no other has come in its place,
// no job reaches more than before, and the file reads without a new mistake.
package mend
