package harness

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"strings"
	"time"
)

// Client speaks to the API of a centre as one user.
type Client struct {
	URL  string // http://host:port
	HTTP *http.Client
}

// ProblemError is an answer other than 2xx.
type ProblemError struct {
	Status int    `json:"status"`
	Title  string `json:"title"`
	Detail string `json:"detail"`
	Code   string `json:"code"`
}

func (p *ProblemError) Error() string {
	return fmt.Sprintf("%d %s %s: %s", p.Status, p.Code, p.Title, p.Detail)
}

// NewClient is nobody yet.
func NewClient(t TB, url string) *Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	must(t, err, "make a cookie jar")
	return &Client{URL: strings.TrimSuffix(url, "/"), HTTP: &http.Client{Jar: jar, Timeout: 30 * time.Second}}
}

// Call sends in as JSON (nil: no body) to a path below /api/v1 and reads the answer into out (nil: not
// wanted). An answer other than 2xx is a *ProblemError.
func (c *Client) Call(method, path string, in, out any) error {
	var body io.Reader
	if in != nil {
		text, err := json.Marshal(in)
		if err != nil {
			return fmt.Errorf("encode request: %w", err)
		}
		body = bytes.NewReader(text)
	}
	answer, err := c.Do(method, "/api/v1"+path, "application/json", "", body)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return fmt.Errorf("read answer: %w", err)
	}
	if answer.StatusCode/100 != 2 {
		p := &ProblemError{}
		if json.Unmarshal(text, p) != nil || p.Status == 0 {
			p.Detail = string(text)
		}
		p.Status = answer.StatusCode
		return p
	}
	if out == nil || len(text) == 0 {
		return nil
	}
	if err := json.Unmarshal(text, out); err != nil {
		return fmt.Errorf("decode %s %s: %w: %.300s", method, path, err, text)
	}
	return nil
}

// Do sends any request; token may be empty.
func (c *Client) Do(method, path, contentType, token string, body io.Reader) (*http.Response, error) {
	req, err := http.NewRequestWithContext(context.Background(), method, c.URL+path, body)
	if err != nil {
		return nil, fmt.Errorf("make request: %w", err)
	}
	if body != nil {
		req.Header.Set("Content-Type", contentType)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	req.Header.Set("Origin", c.URL)
	answer, err := c.HTTP.Do(req)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", method, path, err)
	}
	return answer, nil
}

// Login opens a session; a first password is changed to next when the centre asks for it.
func (c *Client) Login(t TB, user, password, next string) {
	t.Helper()
	var session struct {
		MustChange bool `json:"must_change_password"`
	}
	must(t, c.Call(http.MethodPost, "/session", map[string]string{"username": user, "password": password}, &session), "log in as "+user)
	if session.MustChange {
		must(t, c.Call(http.MethodPost, "/session/password", map[string]string{"old": password, "new": next}, nil), "change the password of "+user)
		must(t, c.Call(http.MethodPost, "/session", map[string]string{"username": user, "password": next}, nil), "log in again as "+user)
	}
}
