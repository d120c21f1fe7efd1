package testserver

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// S3 is a real server of buckets: Versity S3 Gateway, whose buckets are folders of the disk. test/prepare.sh builds it.
type S3 struct {
	URL, Name       string // of the server, and of a bucket that is there
	Dir             string // what lies in it, as files
	KeyFile, CA     string // keys of who may do everything; certificate of the server, when it has one
	addr, cert, key string
	access, secret  string
	meta            string
	process         *exec.Cmd
}

// StartS3 starts one, with TLS where a certificate for 127.0.0.1 and its key are given.
func StartS3(t testing.TB, cert, key string) *S3 {
	t.Helper()
	dir := t.TempDir()
	s := &S3{addr: FreeAddr(t), Name: "recordings", KeyFile: filepath.Join(dir, "keys"), CA: cert, cert: cert, key: key, access: "fengsui", secret: "a-secret-of-the-test", meta: filepath.Join(dir, "meta")}
	s.URL = "http://" + s.addr
	if cert != "" {
		s.URL = "https://" + s.addr
	}
	s.Dir = filepath.Join(dir, "buckets", s.Name)
	for _, d := range []string{s.Dir, s.meta} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	s.SetKeys(t, s.access, s.secret)
	s.Start(t)
	return s
}

// SetKeys writes what the file of keys says; Keys are the right ones.
func (s *S3) SetKeys(t testing.TB, access, secret string) {
	t.Helper()
	if err := os.WriteFile(s.KeyFile, []byte(access+"\n"+secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
}

// Keys are those that the server knows.
func (s *S3) Keys() (access, secret string) { return s.access, s.secret }

// Start starts it, again on its address if it was killed, and waits until it listens. It ends with the test.
func (s *S3) Start(t testing.TB) {
	t.Helper()
	args := []string{"--port", s.addr, "--quiet"}
	if s.cert != "" {
		args = append(args, "--cert", s.cert, "--key", s.key)
	}
	args = append(args, "posix", "--sidecar", s.meta, filepath.Dir(s.Dir))
	s.process = exec.Command(Program(t, "versitygw"), args...) //nolint:noctx,gosec // Kill ends it
	s.process.Env = append(os.Environ(), "ROOT_ACCESS_KEY_ID="+s.access, "ROOT_SECRET_ACCESS_KEY="+s.secret)
	run(t, s.process, s.addr)
	t.Cleanup(s.Kill)
}

// Kill is kill -9. One that was killed before stays so.
func (s *S3) Kill() {
	_ = s.process.Process.Kill() // it may have ended
	_ = s.process.Wait()         // it was killed: its error says so
}
