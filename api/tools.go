package api

import (
	"context"
	_ "embed"
	"encoding/json"

	"entente/border"
	"entente/statement"
)

// ToolsPrefix is the path below which the own side's tools find the API.
const ToolsPrefix = "/api/v1/"

// OpenAPI is the document (OpenAPI 3.1.0) that describes the API of the tools;
// TestOpenAPI compares it with the routes and with real answers.
//
//go:embed openapi.json
var OpenAPI []byte

// Limits of the API of the tools.
const (
	MaxToolRequest = 64 << 20 // bytes of a request
	MaxToolObjects = 10_000   // objects in one request
	MaxToolPage    = 1000     // objects in one answer
)

// Tools is what one account may ask. Whoever makes one has asked the border
// what the account sees: what is hidden from it changes no answer in any way.
type Tools interface {
	Objects(ctx context.Context, q ObjectQuery) (Objects, error)
	// Claims returns every body of an id, with its signers; none is no error.
	Claims(ctx context.Context, id string) ([]Object, error)
	AddObjects(ctx context.Context, r AddRequest) (Added, error)
	Retract(ctx context.Context, r RetractRequest) (Retracted, error)
	// Whole returns what speaks of everything that the node knows; it is for
	// accounts of the own side that may see TLP:RED. Else E_CLEARANCE.
	Whole() (Whole, error)
}

// Whole is what only an account that may see everything is given.
type Whole interface {
	Status(ctx context.Context) (Status, error)
	Alerts(ctx context.Context, q AlertQuery) (Alerts, error)
	Incidents(ctx context.Context, q IncidentQuery) (Incidents, error)
	Incident(ctx context.Context, id, format string) ([]byte, error)
	Rules(ctx context.Context) (Rules, error)
	Statements(ctx context.Context, q StatementQuery) (Statements, error)
	Bundle(ctx context.Context, party string, index uint64) ([]byte, error)
	Exposure(ctx context.Context, party string) (border.Exposure, error)
	Receipts(ctx context.Context, q ReceiptQuery) (Receipts, error)
	Givers(ctx context.Context) ([]border.GiverRecord, error)
}

// ObjectQuery asks for one page of objects in the order in which they came.
type ObjectQuery struct {
	Scope string // own, accepted, or the id of a party; empty means accepted
	Media string // empty means STIX 2.1
	After int64  // Unix microseconds: those that came later
	Limit int    // 1 to MaxToolPage
	IDs   []string
	Types []string
	All   bool // every version, not the last one only
}

// Objects is one page. Next is what to ask for After; 0 when nothing is left
// at present.
type Objects struct {
	Objects []Object `json:"objects"`
	More    bool     `json:"more"`
	Next    int64    `json:"next"`
}

// Object is one object, and who says it.
type Object struct {
	ID        string           `json:"id"`
	Type      string           `json:"type"`
	Version   string           `json:"version"` // timestamp as written; empty where the type has none
	Object    json.RawMessage  `json:"object"`  // the same JSON; for the exact bytes ask for the body
	SHA256    statement.Digest `json:"sha256"`  // of the exact bytes
	Party     string           `json:"party"`   // who signed it
	Marking   string           `json:"marking"` // the effective one; empty for a draft that nobody marked
	Added     int64            `json:"added"`   // when it came, Unix microseconds, strictly rising
	Revoked   bool             `json:"revoked"`
	Retracted bool             `json:"retracted"` // its party has taken it back
	Standing  string           `json:"standing"`  // empty, claim, again, or the code by which it is refused
	Statement statement.Ref    `json:"statement"` // where it was said
	Number    int              `json:"number"`    // of it in there
	Raw       []byte           `json:"-"`
}

// AddRequest brings objects. They become drafts for the own side, with the
// basis "told", under the name of the account.
type AddRequest struct {
	Name    string            `json:"name"`
	Media   string            `json:"media"`
	Marking string            `json:"marking"` // of what bears none
	Objects []json.RawMessage `json:"objects"`
}

// Added is what became of each object, in their order.
type Added struct {
	Objects []AddedObject `json:"objects"`
}

// AddedObject is what became of one object: none affects another.
type AddedObject struct {
	ID        string         `json:"id"`
	Version   string         `json:"version"`
	Known     bool           `json:"known"`     // the same bytes were there
	Refused   *Failure       `json:"refused"`   // null: it is taken in
	Statement *statement.Ref `json:"statement"` // where it was said; null if it was not
}

// RetractRequest takes back an own object, all its versions or those named.
type RetractRequest struct {
	ID       string   `json:"id"`
	Media    string   `json:"media"`
	Versions []string `json:"versions"`
	Reason   string   `json:"reason"`
}

// Retracted counts the bodies taken back, and names the retractions.
type Retracted struct {
	Bodies int             `json:"bodies"`
	Refs   []statement.Ref `json:"refs"`
}
