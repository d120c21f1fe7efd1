package config

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"path"
	"strings"

	"github.com/fengsui/fengsui/shared/strict"
)

func (b *Bucket) check() error {
	if b.After < 0 || b.After > 7*24*60 {
		return strict.Bad("recording.bucket.after_minutes", "must be 0 to 10080")
	}
	if b.Quota < 0 || b.Quota > 10_000_000 {
		return strict.Bad("recording.bucket.quota_gb", "must be 0 (no limit) to 10000000")
	}
	if b.URL == "" {
		return nil
	}
	if u, err := url.Parse(b.URL); err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || strings.Trim(u.Path, "/") != "" || u.User != nil || u.RawQuery != "" {
		return &strict.Problem{Key: "recording.bucket.url", Err: fmt.Errorf("%q is not an address like https://s3.example:9000", b.URL)}
	}
	if b.Name == "" {
		return &strict.Problem{Key: "recording.bucket.name", Err: errors.New("a bucket is needed")}
	}
	if p := b.Prefix; p != "" && (!strings.HasSuffix(p, "/") || strings.HasPrefix(p, "/") || path.Clean(p)+"/" != p || len(p) > 200) {
		return strict.Bad("recording.bucket.prefix", "must be empty, or a name that ends with / and does not begin with it")
	}
	if _, err := os.ReadFile(b.KeyFile); err != nil {
		return &strict.Problem{Key: "recording.bucket.key_file", Err: err}
	}
	if b.CA != "" {
		if _, err := os.ReadFile(b.CA); err != nil {
			return &strict.Problem{Key: "recording.bucket.ca", Err: err}
		}
	}
	return nil
}
