// Package respond is the heart: a deterministic state machine that decides what
// an incident needs next. It has no clock, randomness, goroutine or I/O.
//
// The shape is New, Observe, Commands. Everything the decider knows came as an
// Event, time included; every event is a record of the journal, so replaying a
// journal is resuming. Commands gives all that is wanted now; asking twice gives
// the same answer. See docs/adr/0001.
package respond
