// Package view formats results for people and machines; nothing else does.
//
// Every function takes plain data and returns or writes text. Text that came from
// a repository, a log or a provider is untrusted: it passes escape.go before it is
// written anywhere (invariant I13). Colour never carries meaning alone; a Style
// without colour gives the same words.
package view
