// Package rehearse carries a scenario: a world with an attacker and a team in it,
// and the score at the end.
//
// Begin with Open: it gives everything a driver needs to respond in that world
// without touching anything else (clock, transport, environment, a scripted
// responder) and the score, read from the world's own log. Neither decider nor
// adapters know that they rehearse.
//
// Scenario is the file, field by field; playbooks/scenarios has the shipped ones.
package rehearse
