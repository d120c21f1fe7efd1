package desired

import (
	"errors"
	"fmt"
	"math/big"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

// Why names what is wrong with a document, so that it can be said in any language.
type Why string

// What can be wrong. In brackets what Want says then.
const (
	NoObject Why = "no_object" // it is no JSON object
	TooLarge Why = "too_large" // [KiB that it may have]
	Unknown  Why = "unknown"   // [the keys that nobody knows]
	Missing  Why = "missing"   // [the keys that are needed]
	Type     Why = "type"      // [what it should be: string, number, …]
	Choice   Why = "choice"    // [the values that it may have]
	Least    Why = "least"     // [the least number]
	Most     Why = "most"      // [the most]
	Above    Why = "above"     // [what it must be above]
	Long     Why = "long"      // [the most characters]
	Empty    Why = "empty"     // it must say something
	Many     Why = "many"      // [the most entries]
	Form     Why = "form"      // [duration, id, division, rtsp, path]
	Password Why = "password"  // [the key that is for it]
	Twice    Why = "twice"     // an id is used twice [which]
	Taken    Why = "taken"     // an id belongs to something else [which]
	Other    Why = "other"     // anything else; only the sentence tells
)

// Refusal is what is wrong with a document. Error is a sentence in English.
type Refusal struct { //nolint:errname // the word of the field for it
	Path string // sensors.0.profile; empty: the document itself
	Why  Why
	Want string
	text string
}

// Error implements error.
func (r *Refusal) Error() string { return r.text }

// Refuse makes a refusal of one field; the sentence begins with its place.
func Refuse(path string, why Why, want, text string) *Refusal {
	return refuse(path, why, want, "%s: %s", path, text)
}

func refuse(path string, why Why, want, format string, args ...any) *Refusal {
	return &Refusal{Path: path, Why: why, Want: want, text: fmt.Sprintf(format, args...)}
}

func tooLarge() *Refusal {
	return refuse("", TooLarge, fmt.Sprint(MaxSize>>10), "the document is larger than %d KiB", MaxSize>>10)
}

// formOf names a pattern of the schema by its beginning.
func formOf(pattern string) string {
	for _, f := range [][2]string{{"^([0-9]+(", "duration"}, {"^[a-z0-9]", "id"}, {"^([0-9]{6}", "division"}, {"^(rtsps", "rtsp"}, {"^https", "onvif"}, {"^/", "path"}} {
		if strings.HasPrefix(pattern, f[0]) {
			return f[1]
		}
	}
	return pattern
}

func number(r *big.Rat) string {
	f, _ := r.Float64()
	return strconv.FormatFloat(f, 'f', -1, 64)
}

// readable is the first complaint of the schema.
func readable(err error) error {
	v, ok := errors.AsType[*jsonschema.ValidationError](err)
	if !ok {
		return err
	}
	for len(v.Causes) > 0 {
		v = v.Causes[0]
	}
	path := strings.Join(v.InstanceLocation, ".")
	where := path
	if where == "" {
		where = "the document"
	}
	why, want := Other, ""
	switch k := v.ErrorKind.(type) {
	case *kind.AdditionalProperties:
		why, want = Unknown, strings.Join(k.Properties, ", ")
	case *kind.Required:
		why, want = Missing, strings.Join(k.Missing, ", ")
	case *kind.Type:
		why, want = Type, strings.Join(k.Want, ", ")
	case *kind.Enum:
		why = Choice
		for i, one := range k.Want {
			if i > 0 {
				want += ", "
			}
			want += fmt.Sprint(one)
		}
	case *kind.Minimum:
		why, want = Least, number(k.Want)
	case *kind.Maximum:
		why, want = Most, number(k.Want)
	case *kind.ExclusiveMinimum:
		why, want = Above, number(k.Want)
	case *kind.MaxLength:
		why, want = Long, fmt.Sprint(k.Want)
	case *kind.MinLength:
		why = Empty
	case *kind.MaxItems:
		why, want = Many, fmt.Sprint(k.Want)
	case *kind.Pattern:
		why, want = Form, formOf(k.Want)
	}
	return refuse(path, why, want, "%s: %s", where, v.ErrorKind.LocalizedString(message.NewPrinter(language.English)))
}
