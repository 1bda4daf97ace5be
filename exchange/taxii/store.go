package taxii

import (
	"context"

	"entente/exchange/stix"
)

// Store is what one account sees of a node's collections. Every answer is
// about that account alone: an object that it may not see has no version, no
// place in any order, hides no other, and is counted nowhere. Dates are
// strictly monotone within a collection: no two entries of one share one, and
// an entry that becomes visible is younger than all that were before.
//
// Errors are *Error, ErrNotFound, ErrForbidden or ErrUnavailable, or else
// faults that no client is told.
type Store interface {
	// Collections returns those that the account may know of, with its rights
	// in them, ordered by id.
	Collections(ctx context.Context) ([]Collection, error)
	// Find returns the entries of a collection that match, ascending by date.
	Find(ctx context.Context, collection string, s Search) (Page, error)
	// Newest returns the date of the youngest entry of a collection that the
	// account sees, 0 if it sees none.
	Newest(ctx context.Context, collection string) (Time, error)
	// Has reports whether the account sees any version of the object.
	Has(ctx context.Context, collection, object string) (bool, error)
	// Add takes objects in, in their order, and returns one error for each: nil
	// for what is stored durably or was there already, a *statement.Refusal for
	// what is not taken. A failure of the whole is the last result.
	Add(ctx context.Context, collection string, objects []stix.Object) ([]error, error)
	// Retract hides the entries that match from every later answer and returns
	// how many there were.
	Retract(ctx context.Context, collection string, s Search) (int, error)
	// PutStatus keeps a status for a day at least, also over a restart.
	PutStatus(ctx context.Context, s Status) error
	// Status returns a status that the same account put; ErrNotFound for others.
	Status(ctx context.Context, id string) (Status, error)
}

// Search is a Query as a store answers it.
type Search struct {
	Query
	// Object restricts it to one id; empty means all.
	Object string
	// After is where it begins: behind AddedAfter, and behind the cursor.
	After Time
	// Until is where it ends: nothing younger comes. 0 is no end.
	Until Time
	// Limit is how many entries come at most, Bytes when a page is full: with
	// the entry that passes so many. Always at least one comes.
	Limit int
	Bytes int
	// Bodies says that Entry.Raw is needed.
	Bodies bool
}

// Entry is one version of an object in a collection.
type Entry struct {
	ID        string
	Version   string // as TAXII tells versions apart: modified, else created, else a constant
	DateAdded Time
	Raw       []byte // exact bytes
}

// Page is what a search found.
type Page struct {
	Entries []Entry
	More    bool // more entries match behind the last one
}

// Unversioned is the version of objects that have none (section 3.4.1): the
// specification wants one that never changes.
const Unversioned = "1970-01-01T00:00:00.000Z"

// VersionOf is an object's version as TAXII tells versions apart.
func VersionOf(o stix.Object) string {
	if v := o.Version(); v != "" {
		return v
	}
	return Unversioned
}
