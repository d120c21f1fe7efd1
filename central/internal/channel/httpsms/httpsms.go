// Package httpsms sends text messages through an HTTP gateway that a template describes. Rule that must never break:
// neither the secret nor a number stands in an error.
package httpsms

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/md5" //nolint:gosec // gateways ask for it
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"text/template"
	"time"

	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/notice"
)

// Options describe a gateway. URL, Headers and Body are templates over To, Name, Title, Text, Key, Secret and Now; the
// functions json, query, md5, sha256, hmac (hex) and hmac64 (base64; secret, text) help to write what gateways ask for.
// An answer is good when its status is 2xx and Accepted, where there is one, matches. Refused marks an answer that says
// that this number or text will never do. The first group of Ref is the gateway's name for the message.
type Options struct {
	URL, Method            string
	Headers                map[string]string
	Body                   string
	SecretFile             string
	CA                     string // file in PEM form; empty: those the system trusts
	Accepted, Refused, Ref string // regular expressions
	Callback               Callback
}

// Gateway implements notice.Sender.
type Gateway struct {
	method                 string
	url, body              *template.Template
	headers                map[string]*template.Template
	secretFile             string
	accepted, refused, ref *regexp.Regexp
	http                   *http.Client
	callback               *callback // nil: the gateway tells nothing by itself
}

// maxAnswer is how much of an answer is read.
const maxAnswer = 64 << 10

// New checks the templates with an invented message.
func New(o Options) (*Gateway, error) {
	g := &Gateway{method: o.Method, secretFile: o.SecretFile, headers: map[string]*template.Template{}}
	var all []error
	parse := func(name, text string) *template.Template {
		t, err := template.New(name).Option("missingkey=error").Funcs(functions()).Parse(text)
		all = append(all, err)
		return t
	}
	match := func(key, text string) *regexp.Regexp {
		if text == "" {
			return nil
		}
		r, err := regexp.Compile(text)
		if err != nil {
			all = append(all, fmt.Errorf("%s: %w", key, err))
		}
		return r
	}
	g.url, g.body = parse("url", o.URL), parse("body", o.Body)
	for name, value := range o.Headers {
		g.headers[name] = parse("headers."+name, value)
	}
	g.accepted, g.refused, g.ref = match("accepted", o.Accepted), match("refused", o.Refused), match("ref", o.Ref)
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment, TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12}, TLSHandshakeTimeout: 10 * time.Second, IdleConnTimeout: time.Minute}
	if o.CA != "" {
		pem, err := os.ReadFile(o.CA)
		all = append(all, err)
		pool := x509.NewCertPool()
		if err == nil && !pool.AppendCertsFromPEM(pem) {
			all = append(all, fmt.Errorf("%s holds no certificate", o.CA))
		}
		transport.TLSClientConfig.RootCAs = pool
	}
	// A redirection would take the secret elsewhere.
	g.http = &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	callback, err := o.Callback.hears()
	g.callback = callback
	if err := errors.Join(append(all, err)...); err != nil {
		return nil, err
	}
	_, err = g.request(context.Background(), notice.Message{Key: "k", To: "13800000000", Name: "n", Title: "t", Text: "x"})
	return g, err
}

func functions() template.FuncMap {
	return template.FuncMap{
		"json": func(v any) (string, error) {
			text, err := json.Marshal(v)
			return string(text), err
		},
		"query":  url.QueryEscape,
		"md5":    func(s string) string { sum := md5.Sum([]byte(s)); return hex.EncodeToString(sum[:]) }, //nolint:gosec // see above
		"sha256": func(s string) string { sum := sha256.Sum256([]byte(s)); return hex.EncodeToString(sum[:]) },
		"hmac":   func(secret, s string) string { return hex.EncodeToString(sign(secret, s)) },
		"hmac64": func(secret, s string) string { return base64.StdEncoding.EncodeToString(sign(secret, s)) },
	}
}

func sign(secret, s string) []byte {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(s))
	return mac.Sum(nil)
}

// data is what the templates see.
type data struct {
	notice.Message
	Secret string
	Now    time.Time
}

// request fills the templates. The secret's file is read for each message, so that it can be changed.
func (g *Gateway) request(ctx context.Context, m notice.Message) (*http.Request, error) {
	d := data{Message: m, Now: time.Now().UTC()}
	if g.secretFile != "" {
		text, err := os.ReadFile(g.secretFile)
		if err != nil {
			return nil, fmt.Errorf("read secret of the gateway: %w", err)
		}
		d.Secret = strings.TrimSpace(string(text))
	}
	fill := func(t *template.Template) (string, error) {
		var out strings.Builder
		if err := t.Execute(&out, d); err != nil {
			return "", fmt.Errorf("fill template %s of the gateway", t.Name()) // err may quote the number
		}
		return out.String(), nil
	}
	address, err := fill(g.url)
	if err != nil {
		return nil, err
	}
	body, err := fill(g.body)
	if err != nil {
		return nil, err
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return nil, errors.New("the template url of the gateway makes no address like https://gateway/send")
	}
	req, err := http.NewRequestWithContext(ctx, g.method, u.String(), strings.NewReader(body))
	if err != nil {
		return nil, errors.New("the request to the gateway cannot be made; look at method and url")
	}
	for name, t := range g.headers {
		value, err := fill(t)
		if err != nil {
			return nil, err
		}
		req.Header.Set(name, value)
	}
	req.Header.Set("Idempotency-Key", m.Key)
	return req, nil
}

// Takes implements notice.Sender.
func (g *Gateway) Takes() notice.Takes { return notice.Number }

// Send implements notice.Sender.
func (g *Gateway) Send(ctx context.Context, m notice.Message) (string, error) {
	req, err := g.request(ctx, m)
	if err != nil {
		return "", err
	}
	answer, err := g.http.Do(req)
	if err != nil {
		if u, ok := errors.AsType[*url.Error](err); ok {
			err = u.Err // without the address, which may hold number and secret
		}
		return "", fmt.Errorf("ask the gateway: %w", err)
	}
	defer answer.Body.Close()
	said, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	if err != nil {
		return "", fmt.Errorf("read answer of the gateway: %w", err)
	}
	return g.judge(answer.StatusCode, said, m.To)
}

// judge reads an answer. What it says is shown without the number.
func (g *Gateway) judge(status int, said []byte, number string) (string, error) {
	said = bytes.ToValidUTF8(said, nil)
	words := strings.ReplaceAll(string(said[:min(len(said), 200)]), number, "***")
	words = strings.Map(func(r rune) rune {
		if r < ' ' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(words, ""))
	switch {
	case g.refused != nil && g.refused.Match(said):
		return "", errs.E(errs.Invalid, "notice.refused", "the gateway refuses it: %s", words)
	case status/100 != 2:
		return "", fmt.Errorf("the gateway answers %d: %s", status, words)
	case g.accepted != nil && !g.accepted.Match(said):
		return "", fmt.Errorf("the gateway does not accept it: %s", words)
	}
	ref := ""
	if g.ref != nil {
		if found := g.ref.FindSubmatch(said); len(found) > 1 {
			ref = string(found[1][:min(len(found[1]), 100)])
		}
	}
	return strings.ToValidUTF8(ref, ""), nil
}
