package taxii

import (
	"errors"
	"fmt"
	"strconv"
)

// Error is the answer to what cannot be done (section 3.6). It says nothing
// that depends on what its reader may not see.
type Error struct {
	Title       string `json:"title"`
	Description string `json:"description,omitempty"`
	ErrorCode   string `json:"error_code,omitempty"`
	HTTPStatus  string `json:"http_status,omitempty"` // the status of the response, in digits
}

// Error returns the texts.
func (e *Error) Error() string {
	if e.Description == "" {
		return e.Title
	}
	return e.Title + ": " + e.Description
}

// Status is the status of the response; 500 for an error that has none.
func (e *Error) Status() int {
	n, err := strconv.Atoi(e.HTTPStatus)
	if err != nil || n < 400 || n > 599 {
		return 500
	}
	return n
}

// Fail makes an error for a status.
func Fail(status int, title, format string, a ...any) *Error {
	return &Error{Title: title, Description: fmt.Sprintf(format, a...), HTTPStatus: strconv.Itoa(status)}
}

func badRequest(format string, a ...any) *Error { return Fail(400, "bad request", format, a...) }

// The answers that are the same whatever is behind them.
var (
	// ErrNotFound is for what is not there, and for what its reader may not know of.
	ErrNotFound = errors.New("not found")
	// ErrForbidden is for a right that the account does not have.
	ErrForbidden = errors.New("not allowed")
	// ErrUnavailable is for a store that takes nothing at the moment.
	ErrUnavailable = errors.New("not available now")
)

// AsError turns any error into an answer. What is not meant for clients
// becomes "internal", and internal is then true.
func AsError(err error) (e *Error, internal bool) {
	switch {
	case errors.As(err, &e):
		return e, false
	case errors.Is(err, ErrNotFound):
		return Fail(404, "not found", "there is no such resource, or not for this account"), false
	case errors.Is(err, ErrForbidden):
		return Fail(403, "not allowed", "this account may not do that"), false
	case errors.Is(err, ErrUnavailable):
		return Fail(503, "not available now", "the same request may be repeated later"), false
	}
	return Fail(500, "internal", ""), true
}
