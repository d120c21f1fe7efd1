package httpsms

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/notice"
)

func listening(t testing.TB) *Gateway {
	t.Helper()
	file := filepath.Join(t.TempDir(), "callback")
	if err := os.WriteFile(file, []byte("gateway-secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	g, err := New(Options{URL: "http://127.0.0.1:1/", Method: "POST", Callback: Callback{
		SecretFile: file, Ref: "msg.id", State: "status", Delivered: "^DELIVRD$", Failed: "^(UNDELIV|REJECTD)", From: "mobile", Text: "content",
	}})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func TestWhatAGatewayTellsIsRead(t *testing.T) {
	g := listening(t)
	for _, c := range []struct {
		name, kind, body string
		want             []notice.Told
	}{
		{"a receipt", "application/json", `{"msg":{"id":"A-17"},"status":"DELIVRD"}`, []notice.Told{{Ref: "A-17", State: "DELIVRD", Delivered: true}}},
		{
			"two of them", "application/json; charset=utf-8", `[{"msg":{"id":17},"status":"UNDELIV:5"},{"msg":{"id":"B"},"status":"ACCEPTD"}]`,
			[]notice.Told{{Ref: "17", State: "UNDELIV:5", Failed: true}, {Ref: "B", State: "ACCEPTD"}},
		},
		{"an answer in a form", "application/x-www-form-urlencoded", "mobile=%2B8613812345678&content=%E5%88%B0%0A", []notice.Told{{From: "+8613812345678", Text: "到"}}},
		{"something else", "application/json", `{"balance":7}`, nil},
	} {
		got, err := g.Hear("gateway-secret", c.kind, []byte(c.body))
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: %+v %v", c.name, got, err)
		}
	}
	for _, secret := range []string{"", "gateway-secre", "gateway-secret "} {
		if _, err := g.Hear(secret, "application/json", []byte(`{}`)); errs.KindOf(err) != errs.NotFound {
			t.Errorf("the secret %q opens: %v", secret, err)
		}
	}
	for _, bad := range []string{"", "[1]", "{}{}", "nonsense", "[" + strings.Repeat("{},", most) + "{}]"} {
		if _, err := g.Hear("gateway-secret", "application/json", []byte(bad)); errs.KindOf(err) != errs.Invalid {
			t.Errorf("%.20q was taken: %v", bad, err)
		}
	}
}

func TestACallbackIsCheckedAtTheStart(t *testing.T) {
	for _, c := range []Callback{{SecretFile: "x"}, {SecretFile: "x", Ref: "id"}, {SecretFile: "x", Ref: "id", State: "s", Delivered: "("}} {
		if _, err := New(Options{URL: "http://127.0.0.1:1/", Method: "POST", Callback: c}); err == nil {
			t.Errorf("%+v was taken", c)
		}
	}
	g, err := New(Options{URL: "http://127.0.0.1:1/", Method: "POST"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := g.Hear("", "application/json", []byte(`{}`)); errs.KindOf(err) != errs.NotFound {
		t.Errorf("a gateway without a callback hears: %v", err)
	}
}

func FuzzHear(f *testing.F) {
	f.Add("application/json", []byte(`[{"msg":{"id":"A"},"status":"DELIVRD"},{"mobile":"138","content":"1"}]`))
	f.Add("application/x-www-form-urlencoded", []byte("mobile=1&content=%zz"))
	f.Add("text/plain", []byte("\xff{"))
	g := listening(f)
	f.Fuzz(func(t *testing.T, kind string, body []byte) {
		told, err := g.callback.read(kind, body)
		if err != nil && len(told) > 0 {
			t.Fatal("an error with answers")
		}
		for _, one := range told {
			for _, s := range []string{one.Ref, one.State, one.From, one.Text} {
				if !utf8.ValidString(s) || strings.ContainsAny(s, "\n\r") || len([]rune(s)) > 200 {
					t.Fatalf("%q", s)
				}
			}
		}
	})
}
