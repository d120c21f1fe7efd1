// Package smtp sends messages as mail. Rule that must never break: the password goes over TLS only, or to a relay on
// this machine.
package smtp

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"

	"github.com/wneessen/go-mail"

	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/notice"
)

// Options of a relay.
type Options struct {
	Server       string // host:port
	TLS          string // starttls, tls (from the first byte), none (loopback only)
	User         string // empty: without a login
	PasswordFile string
	From         string // mailbox, also with a name
	CA           string // file in PEM form; empty: those the system trusts
}

// Relay implements notice.Sender.
type Relay struct {
	o    Options
	host string
	port int
	pool *x509.CertPool
}

// New checks the options.
func New(o Options) (*Relay, error) {
	host, port, err := net.SplitHostPort(o.Server)
	if err != nil {
		return nil, fmt.Errorf("server %q is not like mail.example.cn:587", o.Server)
	}
	r := &Relay{o: o, host: host}
	if r.port, err = strconv.Atoi(port); err != nil {
		return nil, fmt.Errorf("server %q has no port", o.Server)
	}
	if err := mail.NewMsg().From(o.From); err != nil {
		return nil, fmt.Errorf("from %q is no mailbox", o.From)
	}
	if ip := net.ParseIP(host); o.TLS == "none" && host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, errors.New("mail without TLS is allowed to this machine only; use starttls or tls")
	}
	if o.CA != "" {
		pem, err := os.ReadFile(o.CA)
		if err != nil {
			return nil, err
		}
		r.pool = x509.NewCertPool()
		if !r.pool.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s holds no certificate", o.CA)
		}
	}
	return r, nil
}

// Takes implements notice.Sender.
func (r *Relay) Takes() notice.Takes { return notice.Mail }

func (r *Relay) client() (*mail.Client, error) {
	options := []mail.Option{mail.WithPort(r.port), mail.WithTLSConfig(&tls.Config{ServerName: r.host, RootCAs: r.pool, MinVersion: tls.VersionTLS12})}
	switch r.o.TLS {
	case "tls":
		options = append(options, mail.WithSSL(), mail.WithTLSPolicy(mail.TLSMandatory))
	case "none":
		options = append(options, mail.WithTLSPolicy(mail.NoTLS))
	default:
		options = append(options, mail.WithTLSPolicy(mail.TLSMandatory))
	}
	if r.o.User != "" {
		text, err := os.ReadFile(r.o.PasswordFile)
		if err != nil {
			return nil, fmt.Errorf("read password of the mail server: %w", err)
		}
		kind := mail.SMTPAuthAutoDiscover
		if r.o.TLS == "none" {
			kind = mail.SMTPAuthPlainNoEnc
		}
		options = append(options, mail.WithUsername(r.o.User), mail.WithPassword(strings.TrimSpace(string(text))), mail.WithSMTPAuth(kind))
	}
	return mail.NewClient(r.host, options...)
}

// Send implements notice.Sender.
func (r *Relay) Send(ctx context.Context, m notice.Message) (string, error) {
	msg := mail.NewMsg(mail.WithCharset(mail.CharsetUTF8))
	if err := msg.From(r.o.From); err != nil {
		return "", errors.New("the sender is no mailbox")
	}
	if err := msg.AddToFormat(m.Name, m.To); err != nil {
		return "", errs.E(errs.Invalid, "notice.address", "the address is no mailbox")
	}
	id := m.Key + "@fengsui"
	msg.SetMessageIDWithValue(id) // the same for the same message: mail servers drop doubles by it
	msg.SetDate()
	msg.Subject(m.Title)
	msg.SetBodyString(mail.TypeTextPlain, m.Text+"\r\n")
	c, err := r.client()
	if err != nil {
		return "", fmt.Errorf("reach the mail server: %w", err)
	}
	if err := c.DialWithContext(ctx); err != nil {
		return "", fmt.Errorf("reach the mail server: %w", err)
	}
	err = c.Send(msg)
	_ = c.Close() // what it says of a message has been heard
	if err != nil {
		return "", judge(err, m.To)
	}
	return id, nil
}

// judge tells a mailbox that does not exist (5xx at RCPT, RFC 5321 4.2.1) from trouble of the server.
func judge(err error, to string) error {
	words := strings.ReplaceAll(err.Error(), to, "***")
	var failed *mail.SendError
	if errors.As(err, &failed) && failed.Reason == mail.ErrSMTPRcptTo && !failed.IsTemp() {
		return errs.E(errs.Invalid, "notice.refused", "the mail server refuses the mailbox: %s", words)
	}
	return errors.New("the mail server: " + words)
}
