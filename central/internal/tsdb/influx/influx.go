// Package influx keeps readings in InfluxDB 2 (or 1.8 with Flux) for tsdb, which forwards to it from its
// inbox. Measurement "reading", tags device, property and quality (good, uncertain, bad), fields value, received (when
// it came, Unix milliseconds) and, where the value is no finite number, void (what it is) in place of value. Rule
// that must never break: a refusal is called final only when InfluxDB itself says so about the readings; all
// else is tried again.
package influx

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	influxdb "github.com/influxdata/influxdb-client-go/v2"
	influxhttp "github.com/influxdata/influxdb-client-go/v2/api/http"

	"github.com/fengsui/fengsui/central/internal/telemetry"
	"github.com/fengsui/fengsui/central/internal/tsdb"
)

// Options name the server. TokenFile holds the token, or user:password of InfluxDB 1.8; it is read again
// when the server refuses it. CA is a PEM file with whom to trust beside the system.
type Options struct {
	URL       string
	Org       string
	Bucket    string // of InfluxDB 1.8: database/retention policy
	TokenFile string
	CA        string
	Timeout   time.Duration // of one request (30 s)
}

// Client implements tsdb.Remote.
type Client struct {
	opt  Options
	http *http.Client

	mu    sync.Mutex
	token string
	api   influxdb.Client
}

// New reads token and certificate; it does not talk to the server.
func New(opt Options) (*Client, error) {
	if opt.Timeout <= 0 {
		opt.Timeout = 30 * time.Second
	}
	u, err := url.Parse(opt.URL)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return nil, fmt.Errorf("%q is not the address of an InfluxDB like https://influx:8086", opt.URL)
	}
	transport := &http.Transport{
		Proxy: http.ProxyFromEnvironment, MaxIdleConnsPerHost: 8, IdleConnTimeout: 90 * time.Second, ForceAttemptHTTP2: true,
		TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12},
	}
	if opt.CA != "" {
		pem, err := os.ReadFile(opt.CA)
		if err != nil {
			return nil, fmt.Errorf("read certificate of InfluxDB: %w", err)
		}
		pool, err := x509.SystemCertPool()
		if err != nil {
			pool = x509.NewCertPool()
		}
		if !pool.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("read certificate of InfluxDB: %s holds none", opt.CA)
		}
		transport.TLSClientConfig.RootCAs = pool
	}
	c := &Client{opt: opt, http: &http.Client{Transport: transport, Timeout: opt.Timeout}}
	return c, c.readToken()
}

// readToken takes the token anew; it does nothing when the file is as it was.
func (c *Client) readToken() error {
	var token string
	if c.opt.TokenFile != "" {
		text, err := os.ReadFile(c.opt.TokenFile)
		if err != nil {
			return fmt.Errorf("read token of InfluxDB: %w", err)
		}
		token = strings.TrimSpace(string(text))
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.api != nil && token == c.token {
		return nil
	}
	c.token = token
	c.api = influxdb.NewClientWithOptions(c.opt.URL, token, influxdb.DefaultOptions().
		SetHTTPClient(c.http).SetPrecision(time.Millisecond).SetUseGZip(true).SetApplicationName("fengsui"))
	return nil
}

func (c *Client) client() influxdb.Client {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.api
}

// Close ends the connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// judge says what the answer to a write means.
func (c *Client) judge(ctx context.Context, err error, n int) error {
	if err == nil {
		return nil
	}
	var e *influxhttp.Error
	if !errors.As(err, &e) || e.StatusCode == 0 || ctx.Err() != nil {
		return fmt.Errorf("write to InfluxDB: %w", err)
	}
	said := fmt.Errorf("InfluxDB answers %d: %s", e.StatusCode, sentence(e))
	switch e.StatusCode {
	case http.StatusBadRequest, http.StatusUnprocessableEntity:
		if reason, all, ok := refusal(e, n); ok {
			return &tsdb.RejectedError{Reason: reason, All: all, Err: said}
		}
		return &tsdb.SetupError{Err: said}
	case http.StatusRequestEntityTooLarge:
		return &tsdb.RejectedError{Reason: telemetry.RejectSize, Err: said}
	case http.StatusUnauthorized, http.StatusForbidden:
		if err := c.readToken(); err != nil {
			return &tsdb.SetupError{Err: errors.Join(said, err)}
		}
		return &tsdb.SetupError{Err: said}
	case http.StatusTooManyRequests, http.StatusRequestTimeout:
		return &tsdb.BusyError{After: time.Duration(min(e.RetryAfter, 600)) * time.Second, Err: said}
	}
	if e.StatusCode < http.StatusInternalServerError {
		return &tsdb.SetupError{Err: said}
	}
	return &tsdb.BusyError{After: time.Duration(min(e.RetryAfter, 600)) * time.Second, Err: said}
}

func sentence(e *influxhttp.Error) string {
	text := e.Message
	if text == "" {
		text = e.Header.Get("X-Influxdb-Error")
	}
	if text == "" {
		text = e.Error()
	}
	return text[:min(len(text), 300)]
}
