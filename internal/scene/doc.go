// Package scene says what is going on at the CI system, from what was read of it:
// which runs are alive, which doors are open and when each opens next, which
// workflows use an action or reach a secret, and since when an attacker may have
// been in.
//
// It is pure: the time comes in as data. Begin with Doors and Exposure.
package scene
