package api

import (
	"context"
	"net/url"
	"strconv"

	"entente/election/audit"
	"entente/election/inventory"
	"entente/election/night"
	"entente/election/results"
	"entente/statement"
)

// Inventory is what a node guards around an election.
type Inventory struct {
	File    string              `json:"file"`    // empty: the configuration names none
	Read    int64               `json:"read"`    // when what counts was read
	Trouble string              `json:"trouble"` // why the file as it stands now is not read
	List    inventory.Inventory `json:"list"`
}

// ToldInventory is the newest list that a party told, by its own word. The names in it are
// that party's.
type ToldInventory struct {
	Party  string              `json:"party"` // who says so
	Index  uint64              `json:"index"` // of the statement, in its log
	At     int64               `json:"at"`    // claimed, Unix milliseconds
	SHA256 statement.Digest    `json:"sha256"`
	Items  int64               `json:"items"`
	Fault  string              `json:"fault"` // why the list is not taken
	List   inventory.Inventory `json:"list"`
}

// PartyRequest names a party; where none is asked for it is empty.
type PartyRequest struct {
	Party string `json:"party"`
}

// PageRequest names a results page of the inventory.
type PageRequest struct {
	Page string `json:"page"`
}

// ElectionNode is the part of a node that guards an election.
type ElectionNode interface {
	Inventory(ctx context.Context) (Inventory, error)
	// TellInventory tells the other parties what of the own list is shared.
	TellInventory(ctx context.Context, r PartyRequest) (ToldInventory, error)
	// ToldInventories are the newest lists of all who told one, this party first.
	ToldInventories(ctx context.Context) ([]ToldInventory, error)
	// GuardTheirs takes up what another party told; its list is what was new.
	GuardTheirs(ctx context.Context, r PartyRequest) (ToldInventory, error)
	// ResultPages says how the results pages stand; one alone comes with its contests.
	ResultPages(ctx context.Context, page string) ([]night.PageView, error)
	// LookAtPage fetches a page now.
	LookAtPage(ctx context.Context, r PageRequest) (night.PageView, error)
	// GiveWord says whether the newest numbers of a page add up.
	GiveWord(ctx context.Context, r PageRequest) (night.Given, error)
	// PageBytes gives back the bytes of an own version of a page, by its number in the own log.
	PageBytes(ctx context.Context, page string, index uint64) ([]byte, error)
	// Ever says whether a number was ever published.
	Ever(ctx context.Context, q results.Query) (night.Ever, error)
	// Audit says how far a joint audit has come, by the logs that this node holds. with are who
	// takes part while nobody has committed; by default all parties and all observers.
	Audit(ctx context.Context, name string, with audit.Seats) (audit.Joint, error)
	// AuditStep takes a step of its ceremony, if it is due.
	AuditStep(ctx context.Context, r AuditStepRequest) (statement.Ref, error)
	// AuditShow shows to all what a board of the own side read and had sealed, when another's board has sealed too.
	AuditShow(ctx context.Context, r audit.Reading) (statement.Ref, error)
	// AuditReadings are what boards showed to all of what they had sealed.
	AuditReadings(ctx context.Context, name string) ([]audit.Reading, error)
}

// AuditStepRequest is a step of a ceremony.
type AuditStepRequest struct {
	audit.Step
	Binding string `json:"binding"` // of a commitment: what the dice were committed to
}

func electionRoutes(mux *board, n Node) {
	get(mux, "inventory", bare(n.Inventory))
	get(mux, "inventory/told", bare(n.ToldInventories))
	post(mux, "inventory/tell", n.TellInventory)
	post(mux, "inventory/guard", n.GuardTheirs)
	get(mux, "results", named("page", n.ResultPages))
	file(mux, "results/bytes", func(ctx context.Context, q *query) ([]byte, error) {
		index := q.index("index")
		if index == nil || q.err != nil {
			return nil, statement.Refuse(statement.CodeRequest, "which version? index is a number")
		}
		return n.PageBytes(ctx, q.Get("page"), *index)
	})
	post(mux, "results/look", n.LookAtPage)
	post(mux, "results/word", n.GiveWord)
	post(mux, "results/ever", n.Ever)
	get(mux, "audit", func(ctx context.Context, q *query) (audit.Joint, error) {
		return n.Audit(ctx, q.Get("name"), audit.Seats{Parties: q.Values["with"], Observers: q.Values["observer"]})
	})
	post(mux, "audit/step", n.AuditStep)
	post(mux, "audit/show", n.AuditShow)
	get(mux, "audit/entries", named("name", n.AuditReadings))
}

// Inventory implements Node.
func (c *Client) Inventory(ctx context.Context) (out Inventory, err error) {
	return out, c.get(ctx, "inventory", nil, &out)
}

// TellInventory implements Node.
func (c *Client) TellInventory(ctx context.Context, r PartyRequest) (out ToldInventory, err error) {
	return out, c.post(ctx, "inventory/tell", r, &out)
}

// ToldInventories implements Node.
func (c *Client) ToldInventories(ctx context.Context) (out []ToldInventory, err error) {
	return out, c.get(ctx, "inventory/told", nil, &out)
}

// GuardTheirs implements Node.
func (c *Client) GuardTheirs(ctx context.Context, r PartyRequest) (out ToldInventory, err error) {
	return out, c.post(ctx, "inventory/guard", r, &out)
}

// ResultPages implements Node.
func (c *Client) ResultPages(ctx context.Context, page string) (out []night.PageView, err error) {
	return out, c.get(ctx, "results", url.Values{"page": {page}}, &out)
}

// LookAtPage implements Node.
func (c *Client) LookAtPage(ctx context.Context, r PageRequest) (out night.PageView, err error) {
	return out, c.post(ctx, "results/look", r, &out)
}

// GiveWord implements Node.
func (c *Client) GiveWord(ctx context.Context, r PageRequest) (out night.Given, err error) {
	return out, c.post(ctx, "results/word", r, &out)
}

// Ever implements Node.
func (c *Client) Ever(ctx context.Context, q results.Query) (out night.Ever, err error) {
	return out, c.post(ctx, "results/ever", q, &out)
}

// Audit implements Node.
func (c *Client) Audit(ctx context.Context, name string, with audit.Seats) (out audit.Joint, err error) {
	return out, c.get(ctx, "audit", url.Values{"name": {name}, "with": with.Parties, "observer": with.Observers}, &out)
}

// AuditStep implements Node.
func (c *Client) AuditStep(ctx context.Context, r AuditStepRequest) (ref statement.Ref, err error) {
	return ref, c.post(ctx, "audit/step", r, &ref)
}

// AuditShow implements Node.
func (c *Client) AuditShow(ctx context.Context, r audit.Reading) (ref statement.Ref, err error) {
	return ref, c.post(ctx, "audit/show", r, &ref)
}

// AuditReadings implements Node.
func (c *Client) AuditReadings(ctx context.Context, name string) (out []audit.Reading, err error) {
	return out, c.get(ctx, "audit/entries", url.Values{"name": {name}}, &out)
}

// PageBytes implements Node.
func (c *Client) PageBytes(ctx context.Context, page string, index uint64) ([]byte, error) {
	return c.bytes(ctx, "results/bytes", url.Values{"page": {page}, "index": {strconv.FormatUint(index, 10)}})
}
