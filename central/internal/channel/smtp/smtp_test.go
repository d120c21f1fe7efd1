package smtp

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-smtp"

	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/notice"
)

// server is a real mail server that keeps what it takes.
type server struct {
	mu    sync.Mutex
	mails [][]byte
	fail  error
}

func (s *server) NewSession(*smtp.Conn) (smtp.Session, error) { return &session{s}, nil }

type session struct{ *server }

func (s *session) Mail(string, *smtp.MailOptions) error { return s.fail }
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if strings.HasPrefix(to, "nobody@") {
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such mailbox nobody@example.cn"}
	}
	return nil
}

func (s *session) Data(r io.Reader) error {
	text, err := io.ReadAll(r)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mails = append(s.mails, text)
	return err
}
func (s *session) Reset()        {}
func (s *session) Logout() error { return nil }

func start(t *testing.T) (*server, string) {
	t.Helper()
	s := &server{}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := smtp.NewServer(s)
	srv.Domain = "localhost"
	go func() { _ = srv.Serve(l) }()
	t.Cleanup(func() { _ = srv.Close() })
	return s, l.Addr().String()
}

func TestAMessageArrivesAsMail(t *testing.T) {
	s, addr := start(t)
	r, err := New(Options{Server: addr, TLS: "none", From: "应急值班室 <zhiban@example.cn>"})
	if err != nil {
		t.Fatal(err)
	}
	ref, err := r.Send(t.Context(), notice.Message{Key: "k1", To: "wang@example.cn", Name: "王芳", Title: "换班", Text: "请接夜班 http://x/r/1"})
	if err != nil || ref != "k1@fengsui" {
		t.Fatalf("%q, %v", ref, err)
	}
	m, err := mail.ReadMessage(bytes.NewReader(s.mails[0]))
	if err != nil {
		t.Fatal(err)
	}
	subject, _ := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	text, _ := io.ReadAll(quotedprintable.NewReader(m.Body))
	if subject != "换班" || m.Header.Get("Message-Id") != "<k1@fengsui>" || !strings.Contains(string(text), "请接夜班 http://x/r/1") {
		t.Errorf("subject %q, id %q, text %q", subject, m.Header.Get("Message-Id"), text)
	}
}

func TestATrialTellsAWrongMailboxFromADeadServer(t *testing.T) {
	s, addr := start(t)
	r, err := New(Options{Server: addr, TLS: "none", From: "zhiban@example.cn"})
	if err != nil {
		t.Fatal(err)
	}
	_, err = r.Send(t.Context(), notice.Message{Key: "k", To: "nobody@example.cn", Title: "t", Text: "x"})
	if errs.KindOf(err) != errs.Invalid || strings.Contains(err.Error(), "nobody@") {
		t.Errorf("an unknown mailbox: %v", err)
	}
	s.fail = &smtp.SMTPError{Code: 451, Message: "try again later"}
	if _, err = r.Send(t.Context(), notice.Message{Key: "k", To: "wang@example.cn", Title: "t", Text: "x"}); err == nil || errs.KindOf(err) == errs.Invalid {
		t.Errorf("a busy server: %v", err)
	}
	if _, err = r.Send(t.Context(), notice.Message{Key: "k", To: "no mailbox\r\nBcc: x", Title: "t", Text: "x"}); errs.KindOf(err) != errs.Invalid {
		t.Errorf("no mailbox: %v", err)
	}
}

func TestThePasswordGoesOverTLSOnly(t *testing.T) {
	if _, err := New(Options{Server: "mail.example.cn:25", TLS: "none", From: "a@example.cn"}); err == nil {
		t.Error("mail without TLS to elsewhere")
	}
	_, addr := start(t) // without STARTTLS
	r, err := New(Options{Server: addr, TLS: "starttls", From: "a@example.cn"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Send(t.Context(), notice.Message{Key: "k", To: "b@example.cn", Title: "t", Text: "x"}); err == nil || errors.Is(err, t.Context().Err()) {
		t.Errorf("a server without STARTTLS: %v", err)
	}
}
