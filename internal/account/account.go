// Package account keeps the accounts of the own side's tools and people, and is the door through which they come in.
//
// An account has a name, scopes that say which protocol it may read or write,
// a clearance, and perhaps the party whose guest it is. It is an input to the
// border, never a decision: what an account sees is decided there. The file
// lies in the data folder, holds no secret that could be used, and is read
// again whenever it changes.
package account

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"time"

	"entente/border"
)

// Scope is one thing that an account may do.
type Scope string

// The scopes.
const (
	TaxiiRead  Scope = "taxii:read"
	TaxiiWrite Scope = "taxii:write"
	MispRead   Scope = "misp:read"
	MispWrite  Scope = "misp:write"
	APIRead    Scope = "api:read"
	APIWrite   Scope = "api:write"
	ExportRead Scope = "export:read"
)

// Scopes returns all of them in the order in which texts name them.
func Scopes() []Scope {
	return []Scope{TaxiiRead, TaxiiWrite, MispRead, MispWrite, APIRead, APIWrite, ExportRead}
}

// Account is a tool or a person of the own side, or a guest of a party.
type Account struct {
	Name      string         `json:"name"` // 1 to 64 bytes: letters, digits, dot, dash, underscore
	Scopes    []Scope        `json:"scopes"`
	Clearance border.Marking `json:"clearance"`       // the strictest marking that it may see
	Party     string         `json:"party,omitempty"` // a guest sees no more than this party would be given
	Added     time.Time      `json:"added"`
}

// May reports whether the account has the scope.
func (a Account) May(s Scope) bool { return slices.Contains(a.Scopes, s) }

var (
	accountName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)
	partyName   = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)

	// ErrAccount is returned for an account that cannot be.
	ErrAccount = errors.New("bad account")
	// ErrThere is returned when an account of that name is there already.
	ErrThere = errors.New("an account of that name is there")
	// ErrNone is returned when no account has that name.
	ErrNone = errors.New("no account of that name")
)

// Check reports what is wrong with the account as ErrAccount.
func (a Account) Check() error {
	if !accountName.MatchString(a.Name) {
		return fmt.Errorf("%w: the name %.80q; a name has letters, digits, dots, dashes and underscores, at most 64", ErrAccount, a.Name)
	}
	if len(a.Scopes) == 0 {
		return fmt.Errorf("%w: %s has no scope", ErrAccount, a.Name)
	}
	for i, s := range a.Scopes {
		if !slices.Contains(Scopes(), s) {
			return fmt.Errorf("%w: %s: unknown scope %.40q", ErrAccount, a.Name, s)
		}
		if slices.Contains(a.Scopes[:i], s) {
			return fmt.Errorf("%w: %s: scope %s twice", ErrAccount, a.Name, s)
		}
	}
	if m, err := border.ParseMarking(string(a.Clearance)); err != nil || m != a.Clearance {
		return fmt.Errorf("%w: %s: unknown clearance %.40q", ErrAccount, a.Name, a.Clearance)
	}
	if a.Party != "" && !partyName.MatchString(a.Party) {
		return fmt.Errorf("%w: %s: %.80q names no party", ErrAccount, a.Name, a.Party)
	}
	return nil
}
