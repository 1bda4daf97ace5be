package peer

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"strings"
	"time"

	"entente/statement"
)

// The kinds of failure. Each *Error is one of them under errors.Is.
var (
	// ErrUnreachable: no connection, no answer in time, or it broke off. Nothing
	// is known about the partner; the same call may be repeated.
	ErrUnreachable = errors.New("partner unreachable")
	// ErrIdentity: the other end has another key than the charter's, or does
	// not accept ours.
	ErrIdentity = errors.New("partner's identity or ours refused")
	// ErrAbsent: the partner does not hold what was asked for. It is also
	// fs.ErrNotExist, as every Getter says it.
	ErrAbsent = fmt.Errorf("not held by the partner: %w", fs.ErrNotExist)
	// ErrBudget: the partner says that we are over our budget.
	ErrBudget = errors.New("over the partner's budget")
	// ErrRefused: the partner refuses for another reason.
	ErrRefused = errors.New("refused by the partner")
	// ErrMalformed: the answer breaks the protocol.
	ErrMalformed = errors.New("malformed answer")
)

// Error is a failed call to a partner.
type Error struct {
	Party  string
	Path   string
	Kind   error         // one of the kinds above
	Status int           // HTTP status, 0 without an answer
	After  time.Duration // ErrBudget: the pause that the partner asks for
	Detail string        // the partner's words, bounded; hostile text
	Err    error         // cause, may be nil
}

func (e *Error) Error() string {
	text := fmt.Sprintf("%s: %v", strings.TrimSpace(e.Party+" "+e.Path), e.Kind)
	if e.Status != 0 {
		text += fmt.Sprintf(" (status %d)", e.Status)
	}
	if e.Detail != "" {
		text += fmt.Sprintf(": says %q", e.Detail)
	}
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap gives the kind and the cause.
func (e *Error) Unwrap() []error {
	if e.Err == nil {
		return []error{e.Kind}
	}
	return []error{e.Kind, e.Err}
}

func malformed(path string, err error) error {
	return &Error{Path: path, Kind: ErrMalformed, Err: err}
}

// transportKind tells a refused key from a broken line. A "remote error" is a
// TLS alert: on a connection that already seemed established it is the TLS
// 1.3 server refusing the client's key.
func transportKind(err error) error {
	if r, ok := statement.AsRefusal(err); ok && (r.Code == statement.CodeKey || r.Code == statement.CodeRequest) {
		return ErrIdentity
	}
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "remote error" {
		return ErrIdentity
	}
	var header tls.RecordHeaderError
	if errors.As(err, &header) {
		return ErrIdentity
	}
	return ErrUnreachable
}
