package httpsms

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"regexp"
	"strings"

	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/notice"
)

// Callback describes what a gateway posts to the centre: receipts for messages, and answers to them. Ref, State, From
// and Text name the fields of its JSON object, list of objects, or form (a.b for what lies deeper). Delivered and Failed
// are regular expressions over the state; what matches neither is on its way still. SecretFile holds what the gateway
// shows in the address; it is not the secret of sending.
type Callback struct {
	SecretFile, Ref, State, Delivered, Failed, From, Text string
}

// callback is one that was checked.
type callback struct {
	Callback
	delivered, failed *regexp.Regexp
}

// hears compiles a callback; without a secret there is none.
func (c Callback) hears() (*callback, error) {
	if c.SecretFile == "" {
		return nil, nil
	}
	if c.Ref == "" && c.From == "" {
		return nil, errors.New("callback: name the field of ref, for receipts, or of from, for answers")
	}
	var all []error
	compile := func(key, text string) *regexp.Regexp {
		r, err := regexp.Compile(text)
		if err != nil {
			all = append(all, fmt.Errorf("callback.%s: %w", key, err))
		}
		return r
	}
	out := &callback{c, compile("delivered", c.Delivered), compile("failed", c.Failed)}
	if c.Ref != "" && (c.State == "" || c.Delivered == "") {
		all = append(all, errors.New("callback: receipts need the field of state, and delivered"))
	}
	return out, errors.Join(all...)
}

// most is how many receipts and answers one call may bring.
const most = 500

// Hear implements notice.Hearer.
func (g *Gateway) Hear(secret, contentType string, body []byte) ([]notice.Told, error) {
	unknown := errs.E(errs.NotFound, "notice.no_callback", "there is nothing at this address")
	if g.callback == nil {
		return nil, unknown
	}
	text, err := os.ReadFile(g.callback.SecretFile)
	if err != nil {
		return nil, fmt.Errorf("read secret of the callback: %w", err)
	}
	have, want := sha256.Sum256([]byte(secret)), sha256.Sum256(bytes.TrimSpace(text))
	if len(bytes.TrimSpace(text)) == 0 || subtle.ConstantTimeCompare(have[:], want[:]) != 1 {
		return nil, unknown
	}
	return g.callback.read(contentType, body)
}

// read takes the receipts and answers out of a body.
func (c *callback) read(contentType string, body []byte) ([]notice.Told, error) {
	records, err := fields(contentType, body)
	if err != nil {
		return nil, err
	}
	var out []notice.Told
	for _, r := range records {
		t := notice.Told{}
		if ref := r[c.Ref]; c.Ref != "" && ref != "" && r[c.State] != "" {
			t.Ref, t.State = clean(ref, 100), clean(r[c.State], 100)
			t.Delivered = c.delivered.MatchString(t.State)
			t.Failed = !t.Delivered && c.Failed != "" && c.failed.MatchString(t.State)
		}
		if from := r[c.From]; c.From != "" && from != "" && r[c.Text] != "" {
			t.From, t.Text = clean(from, 32), clean(r[c.Text], 200)
		}
		if t.Ref != "" || t.From != "" {
			out = append(out, t)
		}
	}
	return out, nil
}

// clean keeps a value to one short line.
func clean(s string, limit int) string {
	s = strings.Join(strings.Fields(strings.ToValidUTF8(s, "")), " ")
	if r := []rune(s); len(r) > limit {
		return string(r[:limit])
	}
	return s
}

// fields reads a JSON object, a list of them, or a form, as records of text by name.
func fields(contentType string, body []byte) ([]map[string]string, error) {
	bad := errs.E(errs.Invalid, "notice.callback", "the body is neither a form nor JSON objects")
	if strings.HasPrefix(contentType, "application/x-www-form-urlencoded") {
		form, err := url.ParseQuery(string(body))
		if err != nil {
			return nil, bad
		}
		one := map[string]string{}
		for k := range form {
			one[k] = form.Get(k)
		}
		return []map[string]string{one}, nil
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, bad
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, bad
	}
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	if len(list) > most {
		return nil, errs.E(errs.Invalid, "notice.callback", "at most %d at once", most)
	}
	var out []map[string]string
	for _, one := range list {
		object, ok := one.(map[string]any)
		if !ok {
			return nil, bad
		}
		flat := map[string]string{}
		flatten("", object, flat)
		out = append(out, flat)
	}
	return out, nil
}

func flatten(prefix string, object map[string]any, out map[string]string) {
	for k, v := range object {
		switch v := v.(type) {
		case map[string]any:
			flatten(prefix+k+".", v, out)
		case string, json.Number, bool:
			out[prefix+k] = fmt.Sprint(v)
		}
	}
}
