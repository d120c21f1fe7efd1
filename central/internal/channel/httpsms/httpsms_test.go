package httpsms

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/notice"
)

func message() notice.Message {
	return notice.Message{Key: "0190-1", To: "13812345678", Name: "王芳", Title: "换班", Text: "请接\"夜班\"\n谢谢"}
}

func TestTheTemplatesMakeWhatGatewaysAskFor(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("s3cret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var got *http.Request
	var said string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		got, said = r, string(text)
		_, _ = io.WriteString(w, `{"code":0,"msgid":"A-17"}`)
	}))
	defer server.Close()
	g, err := New(Options{
		URL: server.URL + "/send?sig={{query (hmac64 .Secret .To)}}", Method: "POST", SecretFile: secret,
		Headers: map[string]string{"Authorization": "Bearer {{.Secret}}"},
		Body:    `{"to":{{json .To}},"text":{{json .Text}},"sum":"{{sha256 .Text}}"}`,
		Ref:     `"msgid":"([^"]+)"`, Accepted: `"code":0`,
	})
	if err != nil {
		t.Fatal(err)
	}
	ref, err := g.Send(t.Context(), message())
	if err != nil || ref != "A-17" {
		t.Fatalf("reference %q, %v", ref, err)
	}
	if got.Header.Get("Authorization") != "Bearer s3cret" || got.Header.Get("Idempotency-Key") != "0190-1" || len(got.URL.Query().Get("sig")) != 44 {
		t.Errorf("headers %v, query %v", got.Header, got.URL.Query())
	}
	if !strings.HasPrefix(said, `{"to":"13812345678","text":"请接\"夜班\"\n谢谢","sum":"`) {
		t.Errorf("body %s", said)
	}
}

func TestAnswersAreJudged(t *testing.T) {
	status, said := 200, ""
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, said)
	}))
	defer server.Close()
	g, err := New(Options{URL: server.URL + "/?n={{.To}}&k=topsecret", Method: "GET", Accepted: `OK`, Refused: `BLACKLIST`})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		status  int
		said    string
		fails   bool
		refused bool
	}{
		{200, "OK", false, false},
		{200, "BUSY", true, false},
		{500, "OK", true, false},
		{400, "BLACKLIST 13812345678", true, true},
		{200, "\xff\xfe BLACKLIST", true, true},
		{302, "OK", true, false},
		{204, "", true, false},
	} {
		status, said = c.status, c.said
		_, err := g.Send(t.Context(), message())
		if (err != nil) != c.fails || (errs.KindOf(err) == errs.Invalid) != c.refused {
			t.Errorf("%d %q: %v", c.status, c.said, err)
		}
		if err != nil && (strings.Contains(err.Error(), "13812345678") || strings.Contains(err.Error(), "topsecret")) {
			t.Errorf("the error gives away number or secret: %v", err)
		}
	}
	server.Close()
	if _, err := g.Send(t.Context(), message()); err == nil || strings.Contains(err.Error(), "topsecret") || strings.Contains(err.Error(), "138") {
		t.Errorf("a dead gateway: %v", err)
	}
}

func TestWrongTemplatesAreFoundBeforeTheFirstMessage(t *testing.T) {
	for name, o := range map[string]Options{
		"unknown field":  {URL: "http://localhost/{{.Nobody}}", Method: "POST"},
		"no address":     {URL: "gateway/send", Method: "POST"},
		"broken":         {URL: "http://localhost/{{", Method: "POST"},
		"no expression":  {URL: "http://localhost/", Method: "POST", Accepted: "("},
		"no secret file": {URL: "http://localhost/", Method: "POST", SecretFile: "/does/not/exist"},
	} {
		if _, err := New(o); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func FuzzAnswer(f *testing.F) {
	f.Add(200, []byte(`{"code":0,"msgid":"A-17"}`))
	f.Add(500, []byte("13812345678"))
	f.Add(200, []byte("\xff\x00\x1b[2J13812345678"))
	g, err := New(Options{URL: "http://localhost/", Method: "POST", Accepted: `"code":0`, Refused: `"code":7`, Ref: `"msgid":"(.+)"`})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, status int, said []byte) {
		ref, err := g.judge(status, said, "13812345678")
		if !errs.Line(strings.ReplaceAll(ref, "\t", ""), 200) && err == nil && !strings.ContainsAny(ref, "\x00\r\n") {
			t.Logf("reference %q", ref)
		}
		if err != nil && strings.Contains(err.Error(), "13812345678") {
			t.Errorf("the number stands in %v", err)
		}
	})
}
