package paper

// What is published. Subject is the id of the document (of the organisation for the letterhead). Data names
// documents and people, never what was written.
const (
	EventDrafted    = "paper.drafted"
	EventChanged    = "paper.changed"
	EventDiscarded  = "paper.discarded"
	EventNumbered   = "paper.numbered"
	EventVoided     = "paper.voided"
	EventSigned     = "paper.signed"
	EventWithdrawn  = "paper.withdrawn"
	EventLetterhead = "paper.letterhead_changed"
)

// trace is the data of an event.
type trace struct {
	Title  string `json:"title,omitempty"`
	Kind   Kind   `json:"kind,omitempty"`
	Number string `json:"number,omitempty"`
	Reason string `json:"reason,omitempty"`
	SHA256 string `json:"sha256,omitempty"` // of the PDF
}
