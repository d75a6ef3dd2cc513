package report

// Diagnosis is what icpcheck diagnose adds to a report.
type Diagnosis struct {
	// Conclusion is an id of rulebook table conclusions.
	Conclusion string `json:"conclusion"`
	// Because names the observation that decided it, Remedy what to do.
	Because string `json:"because"`
	Remedy  string `json:"remedy"`
	// Signature is the id of the block page that was recognised, in rulebook table
	// block-pages; empty for none.
	Signature string `json:"signature,omitempty"`
	Steps     []Step `json:"steps"`
}

// Step is one thing that was tried.
type Step struct {
	ID      string `json:"id"`
	Title   string `json:"title"`
	Target  string `json:"target"`
	Outcome string `json:"outcome"` // ok, failed, blocked, open, skipped
	Seen    string `json:"seen"`
}
