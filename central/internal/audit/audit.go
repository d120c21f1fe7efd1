// Package audit is the append-only record of what has happened and who did it. What a use case changes is
// written in the transaction that changes it; what devices and rules bring comes through a queue. Leaders
// and auditors read it. Rule that must never break: an entry is never changed or removed, each is
// chained to the one before by its hash, and none carries a password, a token or a key.
package audit

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Entry is one thing that has happened.
type Entry struct {
	Seq       int64           `json:"-"`
	ID        string          `json:"id"`
	At        time.Time       `json:"at"`
	Actor     string          `json:"actor"`
	ActorName string          `json:"actor_name"`
	Kind      string          `json:"kind"`
	Subject   string          `json:"subject"`
	Division  string          `json:"division"`
	Data      json.RawMessage `json:"data"`
	PrevHash  string          `json:"prev_hash"`
	Hash      string          `json:"hash"`
}

// Head is the end of the chain: the number and the hash of the last entry.
type Head struct {
	Seq  int64
	Hash string
}

// String is what ParseHead reads: the number of entries and the hash of the last.
func (h Head) String() string { return fmt.Sprintf("%d:%s", h.Seq, h.Hash) }

// ParseHead reads a head that was kept elsewhere.
func ParseHead(text string) (Head, error) {
	number, hash, _ := strings.Cut(strings.TrimSpace(text), ":")
	seq, err := strconv.ParseInt(number, 10, 64)
	if raw, hexed := hex.DecodeString(hash); err != nil || hexed != nil || seq < 1 || len(raw) != sha256.Size {
		return Head{}, fmt.Errorf("%q is no end of the chain; it reads 4711:0a1b…, a number and 64 hexadecimal digits", text)
	}
	return Head{seq, hash}, nil
}

// chain makes the entry follow the head.
func (e Entry) chain(h Head) Entry {
	e.Seq, e.PrevHash = h.Seq+1, h.Hash
	e.Hash = e.sum()
	return e
}

// sum is the hash of everything in the entry. Each part is preceded by its length, so that nothing can be
// moved from one part to the next.
func (e Entry) sum() string {
	h := sha256.New()
	for _, part := range []string{
		fmt.Sprint(e.Seq), e.ID, e.At.UTC().Truncate(time.Microsecond).Format(time.RFC3339Nano), e.Actor, e.ActorName,
		e.Kind, e.Subject, e.Division, string(e.Data), e.PrevHash,
	} {
		fmt.Fprintf(h, "%d:%s", len(part), part)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// check says what is wrong with an entry that should follow the head; empty when nothing is.
func (e Entry) check(h Head) string {
	switch {
	case e.Seq != h.Seq+1:
		return fmt.Sprintf("entry %d is missing", h.Seq+1)
	case e.PrevHash != h.Hash:
		return fmt.Sprintf("entry %d does not follow the one before", e.Seq)
	case e.Hash != e.sum():
		return fmt.Sprintf("entry %d was changed", e.Seq)
	}
	return ""
}

// Report is the outcome of a verification.
type Report struct {
	Entries int64  `json:"entries"`
	Sound   bool   `json:"sound"`
	Problem string `json:"problem,omitempty"` // the first that was found
}

// text is the JSON of an event's data without secrets.
func text(data any) (json.RawMessage, error) {
	raw, err := json.Marshal(data)
	if err != nil {
		return nil, fmt.Errorf("write data: %w", err)
	}
	var tree any
	if err := json.Unmarshal(raw, &tree); err != nil {
		return nil, fmt.Errorf("read data: %w", err)
	}
	if raw, err = json.Marshal(scrub(tree)); err != nil {
		return nil, fmt.Errorf("write data: %w", err)
	}
	return raw, nil
}

// exercised says in the data in which exercise something took place.
func exercised(data json.RawMessage, id string) (json.RawMessage, error) {
	tree := map[string]any{}
	if json.Unmarshal(data, &tree) != nil || tree == nil {
		tree = map[string]any{"data": data}
	}
	tree["exercise"] = id
	raw, err := json.Marshal(tree)
	if err != nil {
		return nil, fmt.Errorf("write data: %w", err)
	}
	return raw, nil
}

// secretWords mark the names of parts that are left out when they are text, whatever publishes them.
var secretWords = []string{"password", "token", "secret", "private", "credential", "hash"}

// scrub removes texts under a secret's name at any depth. A flag such as must_change_password stays.
func scrub(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for name, part := range v {
			if _, isText := part.(string); isText && secretName(name) {
				delete(v, name)
				continue
			}
			v[name] = scrub(part)
		}
	case []any:
		for i := range v {
			v[i] = scrub(v[i])
		}
	}
	return v
}

func secretName(name string) bool {
	name = strings.ToLower(name)
	for _, word := range secretWords {
		if strings.Contains(name, word) {
			return true
		}
	}
	return false
}
