//go:build !crashpoints

package ticket

// crash does nothing in the program that users get.
var crash crashPoint

type crashPoint struct{}

func (crashPoint) pass(string) {}
