package wire

// CommandRingFetch asks an edge for what it recorded by itself while the centre could not. Its Body is RingFetch;
// its result says only that the edge has taken it up.
const CommandRingFetch = "ring/fetch"

// MaxRingPiece is the most bytes of a film that one request brings.
const MaxRingPiece = 256 << 10

// MaxRingFilm is the largest film that an edge may bring.
const MaxRingFilm = 320 << 20

// RingFetch is a span of which the edge sends what each of its films has, cut at key frames, in pieces, to URL. An edge that works on
// ID already does nothing.
type RingFetch struct {
	ID     string `json:"id"` // UUIDv7
	Camera string `json:"camera"`
	From   int64  `json:"from"` // Unix milliseconds
	To     int64  `json:"to"`
	URL    string `json:"url"`             // a path on the host of the centre's URL
	Token  string `json:"token"`           // bearer token for that URL
	Sound  bool   `json:"sound,omitempty"` // what was heard then is wanted as well
}

// RingState is what an edge holds of a camera that it records by itself.
type RingState struct {
	Camera string `json:"camera"`
	From   int64  `json:"from,omitempty"` // Unix milliseconds of the oldest that is held
	To     int64  `json:"to,omitempty"`   // of the newest
	Bytes  int64  `json:"bytes"`
	Error  string `json:"error,omitempty"` // why nothing is recorded
	Full   bool   `json:"full,omitempty"`  // because the disk is too full
}

// FilmOffered is a film of a ring that its edge has: the query of a request below RingFetch.URL, which also names an
// offset when it brings a piece.
type FilmOffered struct {
	Start    int64  `json:"start"`    // Unix milliseconds of its first picture
	Duration int64  `json:"duration"` // milliseconds
	Size     int64  `json:"size"`     // bytes
	SHA256   string `json:"sha256"`   // hexadecimal, of all bytes
	// Sound is how many of the last bytes are the film of the sound beside the pictures; its times are those of the
	// pictures.
	Sound int64 `json:"sound,omitempty"`
}

// MaxRingSound is the most of it.
const MaxRingSound = 16 << 20

// FilmTaken is the answer: where the next piece begins. Have: the centre needs no more of it.
type FilmTaken struct {
	Next int64 `json:"next"`
	Have bool  `json:"have,omitempty"`
}
