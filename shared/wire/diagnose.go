package wire

// CommandDiagnose asks an edge to look at itself. Its result has an Answer.
const CommandDiagnose = "diagnose" // Body is Diagnose

// Diagnose names one of Diagnoses.
type Diagnose struct {
	Name   string `json:"name"`
	Device string `json:"device,omitempty"` // sensor or camera, where the diagnosis has one
	Lines  int    `json:"lines,omitempty"`  // of the log; 0: DefaultLogLines
}

// The codes of a CommandResult that is not OK.
const (
	CodeUnknown = "unknown" // the edge does not know the command
	CodeBusy    = "busy"    // it works on another one, or was asked too often
)

// Bounds of diagnoses.
const (
	MaxLogLines     = 500
	DefaultLogLines = 200
	MaxAnswer       = 64 << 10 // bytes of a CommandResult's Answer as it is sent, compressed
	MaxAnswerText   = 1 << 20  // and of its text
)

// What a diagnosis is about beside the edge itself.
const (
	AboutSensor = "sensor"
	AboutCamera = "camera"
)

// Diagnosis is one entry of the list: what is not in it, no edge does.
type Diagnosis struct {
	Name  string `json:"name"`
	About string `json:"about,omitempty"` // sensor or camera; empty: the edge itself
	Since string `json:"since"`           // version of the agent that first knew it
	Most  int    `json:"most"`            // bytes of the answer as it is sent, at most
}

// Diagnoses is the list.
func Diagnoses() []Diagnosis {
	const first = "0.1.0-0"
	return []Diagnosis{
		{"status", "", first, 16 << 10},
		{"log", "", first, MaxAnswer},
		{"network", "", first, 8 << 10},
		{"clock", "", first, 2 << 10},
		{"disk", "", first, 8 << 10},
		{"outbox", "", first, 4 << 10},
		{"driver", AboutSensor, first, 8 << 10},
		{"camera", AboutCamera, first, 4 << 10},
		{"goroutines", "", first, MaxAnswer},
		{"heap", "", first, MaxAnswer},
	}
}

// DiagnosisOf finds an entry of the list.
func DiagnosisOf(name string) (Diagnosis, bool) {
	for _, d := range Diagnoses() {
		if d.Name == name {
			return d, true
		}
	}
	return Diagnosis{}, false
}
