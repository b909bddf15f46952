package plan

// Spec is what is known of a kind of action without talking to anyone. The
// capability matrix, the permission table and the playbook's schema are made
// from it.
type Spec struct {
	Name    string   `json:"name"`    // dotted, stable for ever: "github.workflow.disable"
	Summary string   `json:"summary"` // one sentence for people
	Target  string   `json:"target"`  // kind of target
	Inputs  []Field  `json:"inputs"`
	Outputs []Field  `json:"outputs,omitempty"`
	Effect  Effect   `json:"effect"`
	Role    Role     `json:"role"`
	Lost    Lost     `json:"lost"`
	Proof   Proof    `json:"proof"`                   // the best this action can prove
	Without Proof    `json:"proof_without,omitempty"` // the best without the old value, where that differs
	Settle  Duration `json:"settle"`                  // how long a change may take to be seen everywhere
	// Revert names the action that restores the structure which was there before; ""
	// where the way is forward only. No action restores an old secret.
	Revert string `json:"revert,omitempty"`
	// Permissions are the provider's own names for what the caller needs.
	Permissions []string `json:"permissions,omitempty"`
	// Source cites the provider document the behaviour was read from.
	Source string `json:"source"`
}

// Field is a typed input or output.
type Field struct {
	Name     string `json:"name"`
	Type     Type   `json:"type"`
	Required bool   `json:"required,omitempty"`
	Doc      string `json:"doc"`
}

// Type is the type of an input or output.
type Type string

const (
	String     Type = "string"
	Bool       Type = "bool"
	Int        Type = "int"
	List       Type = "list"       // of strings
	Map        Type = "map"        // of strings
	Repository Type = "repository" // "owner/name"
	Workflow   Type = "workflow"   // ".github/workflows/ci.yml"
	Timestamp  Type = "timestamp"  // RFC 3339
	Secret     Type = "secret"     // exists only sealed
)

// Issuer names the actions which together are the life of a credential at the
// system that issues it. All names are of actions in the same provider.
type Issuer struct {
	Name    string `json:"name"`              // "npm.token", as in firebreak.yaml
	Disable string `json:"disable,omitempty"` // reversible stop; "" when the issuer has none and Destroy kills
	Mint    string `json:"mint"`
	Test    string `json:"test"`
	// Sessions ends what the old value was exchanged for and outlives it; "" when there is
	// no such thing.
	Sessions string `json:"sessions,omitempty"`
	Destroy  string `json:"destroy"`
	// Turns is the setting that lists the objects of one credential which take turns. Overlap
	// needs two: one alone has one value, and the new one ends the old. "" where each value
	// is an object of its own.
	Turns string `json:"turns,omitempty"`
	// Replaces: there is one value at a time and nothing that stops it but the next. The
	// new one is made first, and Destroy shows that it took the old one's place.
	Replaces bool     `json:"replaces,omitempty"`
	Outputs  []string `json:"outputs"`         // the mint's outputs in the order of the credential's names: one for a token, id and value for an access key
	Slots    int      `json:"slots,omitempty"` // how many may live at once; 0 = no limit
	Provider string   `json:"provider"`
}

// StoreKind names the actions of a place where copies are kept.
type StoreKind struct {
	Name string `json:"name"` // "github.secret"
	Put  string `json:"put"`
	// Forget removes what the store keeps of older values; "" where it keeps none, or none
	// that can be removed.
	Forget   string `json:"forget,omitempty"`
	Provider string `json:"provider"`
}

// Change is what an action's Plan found in a snapshot.
type Change struct {
	Target  Target
	Before  []byte // canonical JSON of the fields relied on; nil when there are none
	Calls   []Call // empty: nothing to do
	Inverse *Inverse
	// Doors, Hosts, Evidence, Kills: see Action.
	Doors, Hosts, Evidence, Kills []string
	// Proof lowers the spec's proof for this target when set; Shortfall says why.
	Proof     Proof
	Shortfall string
	// Assisted is set when a person has to carry this out (no permission, no interface).
	Assisted *Assisted
	Breaks   string
	Gaps     []Gap
}
