package config

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"

	"github.com/fengsui/fengsui/shared/strict"
)

// check looks at what does not need the channels themselves; those check templates and expressions.
func (c *Channels) check() error {
	for _, f := range []struct{ key, file string }{
		{"sms.secret_file", c.SMS.SecretFile}, {"sms.ca", c.SMS.CA}, {"sms.callback.secret_file", c.SMS.Callback.SecretFile}, {"mail.password_file", c.Mail.PasswordFile}, {"mail.ca", c.Mail.CA},
	} {
		if f.file == "" {
			continue
		}
		if _, err := os.ReadFile(f.file); err != nil {
			return &strict.Problem{Key: "channels." + f.key, Err: err}
		}
	}
	for _, n := range []struct {
		key   string
		value int
	}{{"sms.per_minute", c.SMS.PerMinute}, {"sms.per_day", c.SMS.PerDay}, {"mail.per_minute", c.Mail.PerMinute}, {"mail.per_day", c.Mail.PerDay}} {
		if n.value < 0 || n.value > 1_000_000 {
			return strict.Bad("channels."+n.key, "must be 0 to 1000000; 0 is without limit")
		}
	}
	switch c.SMS.Method {
	case http.MethodPost, http.MethodGet, http.MethodPut:
	default:
		return &strict.Problem{Key: "channels.sms.method", Err: fmt.Errorf("%q is none of POST, GET, PUT", c.SMS.Method)}
	}
	if c.Mail.Server == "" {
		return nil
	}
	if _, _, err := net.SplitHostPort(c.Mail.Server); err != nil {
		return &strict.Problem{Key: "channels.mail.server", Err: fmt.Errorf("%q is not like mail.example.cn:587", c.Mail.Server)}
	}
	switch c.Mail.TLS {
	case "starttls", "tls", "none":
	default:
		return &strict.Problem{Key: "channels.mail.tls", Err: fmt.Errorf("%q is none of starttls, tls, none", c.Mail.TLS)}
	}
	if c.Mail.User != "" && c.Mail.PasswordFile == "" {
		return &strict.Problem{Key: "channels.mail.password_file", Err: errors.New("a user needs a file with the password")}
	}
	return nil
}
