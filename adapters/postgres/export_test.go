package postgres

// Verifier is for tests that set a password without its coming to a log.
var Verifier = verifier
