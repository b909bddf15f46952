package rehearse

// What attackers do, how they react, what they leave behind; the words of a
// scenario file. Each is explained where it is carried out.
const (
	publish    = "publish"
	assumeRole = "assume_role"
	readSecret = "read_secret"

	reattachPolicy   = "reattach_policy"
	reenableWorkflow = "reenable_workflow"
	wipeMachine      = "wipe_machine"

	dormantWorkflow = "dormant_workflow"
	deployKey       = "deploy_key"

	enableWorkflow = "enable_workflow"

	restoredBeforeBoundary = "restored_before_boundary"
	publishedAfterClaim    = "published_after_claim"
	deliveredBeforeContain = "delivered_before_contained"
	machineWiped           = "machine_wiped"
)

func deeds() []string        { return []string{publish, assumeRole, readSecret} }
func reactions() []string    { return []string{reattachPolicy, reenableWorkflow, wipeMachine} }
func persistences() []string { return []string{dormantWorkflow, deployKey} }
func undoings() []string     { return []string{enableWorkflow} }
func nevers() []string {
	return []string{restoredBeforeBoundary, publishedAfterClaim, deliveredBeforeContain, machineWiped}
}
