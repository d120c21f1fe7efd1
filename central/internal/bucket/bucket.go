// Package bucket keeps files of recordings in a bucket of a server that speaks S3. Rules that must never break: what
// Put has answered for is there whole, and what is read is what was put.
package bucket

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/shared/tlsconf"
)

// Options say where the bucket is.
type Options struct {
	URL     string // https://s3.example:9000
	Name    string
	Region  string
	Prefix  string // before the name of each file; empty or it ends with /
	KeyFile string // access key and secret key, one a line; read again when it changes
	CA      string // certificate authority in PEM form; empty: those the system trusts
}

// The codes of what a bucket may say no with; the console has words for each.
const (
	Unreachable = "recording.bucket_unreachable"
	Refused     = "recording.bucket_refused" // keys, or rights
	Gone        = "recording.bucket_gone"    // no such bucket
	Full        = "recording.bucket_full"
	Broken      = "recording.bucket_broken" // something else
)

// Bucket is the way to it.
type Bucket struct {
	o      Options
	client *minio.Client
	wire   *http.Transport
	blocks blocks
}

// New makes the way; it does not ask the server yet.
func New(o Options) (*Bucket, error) {
	u, err := url.Parse(o.URL)
	if err != nil {
		return nil, fmt.Errorf("address of the bucket: %w", err)
	}
	b := &Bucket{o: o, wire: &http.Transport{
		MaxIdleConnsPerHost: 8, IdleConnTimeout: time.Minute, TLSHandshakeTimeout: 10 * time.Second, ResponseHeaderTimeout: 30 * time.Second,
	}}
	if u.Scheme == "https" {
		b.wire.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12}
		if o.CA != "" {
			pool, err := tlsconf.Pool(o.CA)
			if err != nil {
				return nil, err
			}
			b.wire.TLSClientConfig = tlsconf.Client(pool)
		}
	}
	keys := &keyFile{path: o.KeyFile}
	if _, err := keys.RetrieveWithCredContext(nil); err != nil {
		return nil, err
	}
	b.client, err = minio.New(u.Host, &minio.Options{
		Creds: credentials.New(keys), Secure: u.Scheme == "https", Transport: b.wire, Region: o.Region, MaxRetries: 2,
	})
	if err != nil {
		return nil, fmt.Errorf("way to the bucket: %w", err)
	}
	return b, nil
}

// Close lets go of what stands open.
func (b *Bucket) Close() { b.wire.CloseIdleConnections() }

// keyFile is the keys in a file.
type keyFile struct {
	path string
	at   time.Time // its time when it was read
}

// RetrieveWithCredContext implements credentials.Provider.
func (k *keyFile) RetrieveWithCredContext(*credentials.CredContext) (credentials.Value, error) {
	info, err := os.Stat(k.path)
	if err != nil {
		return credentials.Value{}, fmt.Errorf("keys of the bucket: %w", err)
	}
	text, err := os.ReadFile(k.path)
	if err != nil {
		return credentials.Value{}, fmt.Errorf("keys of the bucket: %w", err)
	}
	lines := strings.Fields(string(text))
	if len(lines) != 2 {
		return credentials.Value{}, fmt.Errorf("keys of the bucket: %s must hold the access key and the secret key, one a line", k.path)
	}
	k.at = info.ModTime()
	return credentials.Value{AccessKeyID: lines[0], SecretAccessKey: lines[1], SignerType: credentials.SignatureV4}, nil
}

// Retrieve implements credentials.Provider.
func (k *keyFile) Retrieve() (credentials.Value, error) { return k.RetrieveWithCredContext(nil) }

// IsExpired implements credentials.Provider: keys are changed by changing the file.
func (k *keyFile) IsExpired() bool {
	info, err := os.Stat(k.path)
	return err == nil && !info.ModTime().Equal(k.at)
}

func (b *Bucket) key(file string) string { return b.o.Prefix + file }

// putTimeout is for one file, which is some megabytes.
const putTimeout = 10 * time.Minute

// Put copies a file of the disk into the bucket, over what may be there under its name. fs.ErrNotExist when there is
// no such file on the disk.
func (b *Bucket) Put(ctx context.Context, file, path string) error {
	in, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("file for the bucket: %w", err)
	}
	defer func() { _ = in.Close() }()
	info, err := in.Stat()
	if err != nil {
		return fmt.Errorf("file for the bucket: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, putTimeout)
	defer cancel()
	// The checksum goes along, so that the server refuses what was changed on the way.
	put, err := b.client.PutObject(ctx, b.o.Name, b.key(file), in, info.Size(), minio.PutObjectOptions{ContentType: "video/mp4", SendContentMd5: true, DisableMultipart: info.Size() < most})
	if err != nil {
		return told(err)
	}
	if put.Size != info.Size() {
		return errs.E(errs.Unavailable, Broken, "of %d bytes %d were kept", info.Size(), put.Size)
	}
	b.blocks.forget(file)
	return nil
}

// most is what is sent in one request; a minute of pictures is less.
const most = 64 << 20

// Remove deletes a file; one that is not there is no error.
func (b *Bucket) Remove(ctx context.Context, file string) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	b.blocks.forget(file)
	if err := told(b.client.RemoveObject(ctx, b.o.Name, b.key(file), minio.RemoveObjectOptions{})); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// Check asks whether the bucket is there for us.
func (b *Bucket) Check(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	there, err := b.client.BucketExists(ctx, b.o.Name)
	if err == nil && !there {
		return errs.E(errs.Unavailable, Gone, "there is no such bucket")
	}
	return told(err)
}

// Open finds a file: fs.ErrNotExist. Reads go to the server in pieces; ctx holds for them as well.
func (b *Bucket) Open(ctx context.Context, file string) (io.ReaderAt, int64, error) {
	ask, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	info, err := b.client.StatObject(ask, b.o.Name, b.key(file), minio.StatObjectOptions{})
	if err != nil {
		return nil, 0, told(err)
	}
	return &reader{b: b, ctx: ctx, file: file, size: info.Size}, info.Size, nil
}

// told says in our words what the server or the net said.
func told(err error) error {
	if err == nil {
		return nil
	}
	if answer := minio.ToErrorResponse(err); answer.StatusCode != 0 || answer.Code != "" {
		switch answer.Code {
		case minio.NoSuchKey, "NotFound":
			return fmt.Errorf("in the bucket: %w", fs.ErrNotExist)
		case minio.NoSuchBucket:
			return errs.Wrap(err, errs.Unavailable, Gone, "there is no such bucket")
		case minio.AccessDenied, "InvalidAccessKeyId", "SignatureDoesNotMatch", "AuthorizationHeaderMalformed":
			return errs.Wrap(err, errs.Unavailable, Refused, "the bucket refuses the keys")
		case "XMinioStorageFull", "QuotaExceeded", "InsufficientStorage", "XMinioAdminBucketQuotaExceeded":
			return errs.Wrap(err, errs.Unavailable, Full, "the bucket is full")
		}
		if answer.StatusCode == http.StatusForbidden {
			return errs.Wrap(err, errs.Unavailable, Refused, "the bucket refuses the keys")
		}
		if answer.StatusCode != 0 {
			return errs.Wrap(err, errs.Unavailable, Broken, "the bucket does not do it")
		}
	}
	return errs.Wrap(err, errs.Unavailable, Unreachable, "the bucket cannot be reached")
}
