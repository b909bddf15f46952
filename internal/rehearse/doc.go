// Package rehearse carries a scenario: a world with an attacker and a team in it,
// and the score at the end.
//
// Begin with Open: it gives everything a driver needs to respond in that world
// without touching anything else (clock, transport, environment, a scripted
// responder) and the score, read from the world's own log. Neither decider nor
// adapters know that they rehearse.
//
// The scenario file is described in docs and in Scenario.
package rehearse
