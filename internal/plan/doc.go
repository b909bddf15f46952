// Package plan is the compiled response as plain data: what would be done, to
// what, in which order, on which evidence, and how sure one may be afterwards.
//
// Start with Plan and Action. Encode gives the bytes that are approved and
// Digest their SHA-256; the same inputs give the same bytes (invariant I14).
// Nothing in this package reads a clock, a file or the network, and no type in
// it can hold a secret value: secrets appear as references to sealed files.
//
// The words of this package (effect, lost call, proof, outcome, reading) are
// shared by adapters, which fill them, and by the decider, which judges them.
package plan
