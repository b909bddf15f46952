// Package term is the terminal: the three streams and what is known of them,
// progress lines that do not tear prompts, prompts, and Ctrl-C.
//
// Nothing here decides anything about an incident. Person implements
// drive.Responder by asking; Progress implements drive.Observer by telling.
package term
