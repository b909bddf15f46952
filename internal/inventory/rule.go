package inventory

import "github.com/firebreak/firebreak/internal/trust"

// Rule is one of the inventory's own rules, as documentation and reports show it.
type Rule struct {
	ID  string
	Why string // one sentence
	Fix string
}

// Rules lists the inventory's own rules: what cannot be answered about a credential,
// and what a trust document lets in.
// Those about the boundary are in package boundary.
func Rules() []Rule {
	rules := []Rule{
		{RuleUndeclared, "What nobody declared nobody can rotate in an incident: its issuer, authority and owner are not known.", "add it under credentials in firebreak.yaml, with issuer, authority and owner"},
		{RuleUnowned, "A credential without an owner waits in an incident until somebody feels responsible.", "name an owner for it in firebreak.yaml"},
		{RuleMissing, "A reference to a secret that is not there fails quietly as an empty text, or waits for whoever creates the name.", "create the secret where it belongs, or take the reference out"},
		{RuleJustInCase, "What nothing uses can only be stolen.", "take the secret out where it is not used"},
		{RuleUnreached, "A stored secret that no workflow reads is one nobody would miss, except who steals it by a workflow of his own.", "end it at its issuer and delete it"},
		{RuleUnused, "A declared credential without a use is authority kept just in case, or an inventory that is out of date.", "end it at its issuer and take the entry out of firebreak.yaml"},
		{RuleUnclearName, "In an incident a name that tells environment, purpose and system saves the search for what a value opens.", "give it the suggested name, or keep it as a secret of its environment"},
		{RuleCopy, "A copy of a value that nobody knows of stays alive when the credential is rotated.", "say under stores in firebreak.yaml whether it is a copy"},
		{RuleUnreadable, "What cannot be read cannot be judged: it counts as reaching every credential of its repository.", "mend the file, or delete it"},
	}
	for _, r := range trust.Rules() {
		rules = append(rules, Rule(r))
	}
	return rules
}
