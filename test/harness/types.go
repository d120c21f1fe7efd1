package harness

import "time"

// These mirror the JSON of the API as far as the tests look at it.

// Device is one thing in the field.
type Device struct {
	ID       string     `json:"id"`
	Kind     string     `json:"kind"`
	Parent   string     `json:"parent"`
	Name     string     `json:"name"`
	Class    string     `json:"class"`
	Demo     bool       `json:"demo"`
	State    string     `json:"state"`
	Error    string     `json:"error"`
	Refused  uint64     `json:"refused"`
	LastSeen *time.Time `json:"last_seen"`
	Agent    *struct {
		RSSBytes uint64 `json:"rss_bytes"`
		Lost     uint64 `json:"lost"`
		Backlog  struct {
			Records uint64 `json:"records"`
		} `json:"backlog"`
	} `json:"agent"`
	Cert *struct {
		Serial string `json:"serial"`
	} `json:"certificate"`
}

// Enrol is how a new edge is let in.
type Enrol struct {
	Token   string `json:"token"`
	Command string `json:"command"`
	URI     string `json:"uri"`
}

// Created answers POST /devices.
type Created struct {
	Device Device `json:"device"`
	Enrol  *Enrol `json:"enrol"`
	Token  string `json:"token"`
}

// Alarm is one passing of a limit.
type Alarm struct {
	ID            string    `json:"id"`
	Rule          string    `json:"rule"`
	Device        string    `json:"device"`
	Property      string    `json:"property"`
	Level         int       `json:"level"`
	State         string    `json:"state"`
	Value         float64   `json:"value"`
	Limit         float64   `json:"limit"`
	Demo          bool      `json:"demo"`
	Retrospective bool      `json:"retrospective"`
	AckedByName   string    `json:"acked_by_name"`
	AckNote       string    `json:"ack_note"`
	OpenedAt      time.Time `json:"opened_at"`
	ReceivedAt    time.Time `json:"received_at"`
}

// Latest is the newest value of a series.
type Latest struct {
	Device     string    `json:"device"`
	Property   string    `json:"property"`
	At         time.Time `json:"at"`
	ReceivedAt time.Time `json:"received_at"`
	Value      float64   `json:"value"`
}

// Stats counts what is stored.
type Stats struct {
	Readings int64 `json:"readings"`
	Series   int64 `json:"series"`
	Bytes    int64 `json:"bytes"`
	Inbox    int64 `json:"inbox"`
	Dirty    int64 `json:"rollups_due"`
}

// Bucket is one step of a chart.
type Bucket struct {
	At    time.Time `json:"at"`
	Min   float64   `json:"min"`
	Max   float64   `json:"max"`
	Mean  float64   `json:"mean"`
	Last  float64   `json:"last"`
	Count int64     `json:"count"`
}

// Series answers a chart.
type Series struct {
	Buckets []Bucket `json:"buckets"`
}

// Step is one thing that happened to an alarm.
type Step struct {
	Kind  string    `json:"kind"`
	At    time.Time `json:"at"`
	Value float64   `json:"value"`
}

// Row is one reading.
type Row struct {
	Device   string    `json:"device"`
	Property string    `json:"property"`
	At       time.Time `json:"at"`
	Value    float64   `json:"value"`
	Quality  int       `json:"quality"`
}

// Stream is one camera's picture.
type Stream struct {
	ID      string `json:"id"`
	State   string `json:"state"`
	Viewers int    `json:"viewers"`
	Bitrate int64  `json:"bitrate"`
	Error   string `json:"error"`
}

// Ticket lets one viewer watch.
type Ticket struct {
	Stream string `json:"stream"`
	WHEP   string `json:"whep"`
	Token  string `json:"token"`
}

// List is a page of anything.
type List[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next"`
}
