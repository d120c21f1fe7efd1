// Package errs is the one vocabulary of failures that a person can act on. Every layer of the centre
// returns these kinds; the api package turns them into problem+json. An error of no kind is internal:
// it is logged whole and shown as one sentence with the request id.
package errs

import (
	"errors"
	"fmt"
)

// Kind says what sort of failure it is, and so what the caller may do about it.
type Kind string

// The kinds.
const (
	Internal        Kind = ""
	Invalid         Kind = "invalid"         // the input breaks a rule; Fields names the parts
	Unauthenticated Kind = "unauthenticated" // nobody is signed in, or the credential is wrong
	Denied          Kind = "denied"          // signed in, but not allowed
	NotFound        Kind = "not_found"       // no such thing, or not visible to the caller
	Conflict        Kind = "conflict"        // the thing changed meanwhile, or exists already
	Unavailable     Kind = "unavailable"     // a part is down or busy; trying again may help
)

// Error is a failure of one kind. Msg is a lower-case English sentence; Code names it for the console,
// which shows its own sentence in the reader's language.
type Error struct {
	Kind   Kind
	Code   string            // stable, dotted: "account.wrong_password"
	Msg    string            // what happened
	Fields map[string]string // field → what is wrong with it
	Err    error             // the cause, for the log
}

// Error implements error.
func (e *Error) Error() string {
	if e.Err != nil {
		return e.Msg + ": " + e.Err.Error()
	}
	return e.Msg
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// E makes an error of a kind. code is the stable name, the rest is a format.
func E(kind Kind, code, format string, args ...any) *Error {
	return &Error{Kind: kind, Code: code, Msg: fmt.Sprintf(format, args...)}
}

// Field makes an Invalid error about one field.
func Field(code, field, msg string) *Error {
	return &Error{Kind: Invalid, Code: code, Msg: field + ": " + msg, Fields: map[string]string{field: msg}}
}

// Wrap adds a cause to an error of a kind.
func Wrap(err error, kind Kind, code, msg string) *Error {
	return &Error{Kind: kind, Code: code, Msg: msg, Err: err}
}

// KindOf returns the kind of err, Internal when it has none.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return Internal
}
