package console

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"entente/accord"
	"entente/statement"
)

// Register is the part of Accord that shows who may sign what, and keeps who asks
// to be listed.
type Register interface {
	// Officers shows the lists of every party and the powers of the rules in force.
	Officers(ctx context.Context) (Officers, error)
	// AskListing keeps the wish of a user to be listed; it replaces an earlier one.
	AskListing(ctx context.Context, by User, want Listing) error
	// DropListing forgets it.
	DropListing(ctx context.Context, officer string) error
}

// Officers is the register.
type Officers struct {
	Self    string
	Now     time.Time
	Parties []PartyOfficers
	Powers  []PowerRow
	Delay   time.Duration // before a later list rules
	Asked   []Listing
	Current accord.Officers // the own newest list that counts
	Listed  bool            // there is one
}

// PartyOfficers are the lists of one party, newest first.
type PartyOfficers struct {
	Party string
	Lists []OfficersView
}

// OfficersView is one list and where it stands.
type OfficersView struct {
	accord.OfficersList
	At    Ref
	Word  string // rules, ruled, waits, or empty where a label says why it does not count
	Since time.Time
}

// PowerRow is what the rules demand by a name.
type PowerRow struct {
	Name     string
	Officers int
	Roles    []string
}

// Listing is the wish to be listed as an officer.
type Listing struct {
	Officer accord.Officer
	Reach   []string // mailto:, tel: or https: URIs; none: no contact
	At      time.Time
}

func (c *Console) officerRoutes() []route {
	return []route{
		{"GET /officers", readers, c.officers},
		{"POST /officers/passkey", speakers, c.askListing},
		{"POST /officers/asked/{name}/drop", speakers, c.dropListing},
		{"POST /officers/list", speakers, c.draftList},
	}
}

// officersPage is the body of the register.
type officersPage struct {
	Officers
	RP, Command string
	Roles       []string
	Speaks      bool
	Mine        accord.Officer // the viewer's entry, if it has one
}

func (c *Console) officers(v *visit) error {
	all, err := v.source.Accord().Officers(v.r.Context())
	if err != nil {
		return err
	}
	page := officersPage{Officers: all, RP: c.relyingParty(), Roles: accord.Roles(), Speaks: v.user.speaks(), Mine: accord.Officer{ID: v.user.Name, Name: v.user.Name}}
	page.Command = "entente officer enroll --dir " + c.dir
	if i := indexOf(all.Current.Officers, v.user.Name); i >= 0 {
		page.Mine = all.Current.Officers[i]
	}
	return c.render(v, http.StatusOK, "officers", frame{Title: "officers.title", Live: "record", Up: "/accord", Body: page})
}

func indexOf(list []accord.Officer, id string) int {
	return slices.IndexFunc(list, func(o accord.Officer) bool { return o.ID == id })
}

// askListing takes a new passkey: the user asks as the officer of its own name.
func (c *Console) askListing(v *visit) error {
	if err := v.form(); err != nil {
		return err
	}
	f := v.r.PostForm
	key, err := passkeyOf(f.Get("key"), f.Get("credential"), c.relyingParty())
	if err != nil {
		return err
	}
	want := Listing{Officer: accord.Officer{ID: v.user.Name, Name: strings.TrimSpace(f.Get("name")), Roles: f["role"], Keys: []accord.OfficerKey{key}}, Reach: []string{}}
	if want.Officer.Name == "" || len(want.Officer.Name) > 120 || len(want.Officer.Roles) == 0 {
		return statement.Refuse(statement.CodeField, "a name and at least one role")
	}
	for _, r := range want.Officer.Roles {
		if !slices.Contains(accord.Roles(), r) {
			return statement.Refuse(statement.CodeField, "no role %.40q", r)
		}
	}
	for line := range strings.Lines(f.Get("reach")) {
		if line = strings.TrimSpace(line); line != "" && len(want.Reach) < 8 {
			want.Reach = append(want.Reach, line)
		}
	}
	if err := v.source.Accord().AskListing(v.r.Context(), v.user, want); err != nil {
		return err
	}
	return v.see("/officers")
}

func (c *Console) dropListing(v *visit) error {
	if err := v.source.Accord().DropListing(v.r.Context(), v.r.PathValue("name")); err != nil {
		return err
	}
	return v.see("/officers")
}

// draftList drafts the whole list of officers: the present one, without those who
// go, with those who asked and were chosen.
func (c *Console) draftList(v *visit) error {
	if err := v.form(); err != nil {
		return err
	}
	desk := v.source.Accord()
	all, err := desk.Officers(v.r.Context())
	if err != nil {
		return err
	}
	body := all.without(v.r.PostForm["gone"])
	for _, id := range v.r.PostForm["officer"] {
		i := slices.IndexFunc(all.Asked, func(l Listing) bool { return l.Officer.ID == id })
		if i < 0 {
			return statement.Refuse(statement.CodeRequest, "%.60q has not asked to be listed", id)
		}
		enlist(&body, all.Asked[i], all.Now)
	}
	id, err := desk.Draft(v.r.Context(), v.user, DraftRequest{Kind: accord.KindOfficers, Body: body})
	if err != nil {
		return err
	}
	return v.see("/drafts/" + id)
}

// without is the present list without some officers.
func (o Officers) without(gone []string) accord.Officers {
	out := accord.Officers{Officers: []accord.Officer{}, Contacts: []accord.Contact{}}
	for _, one := range o.Current.Officers {
		if !slices.Contains(gone, one.ID) {
			out.Officers = append(out.Officers, one)
		}
	}
	for _, c := range o.Current.Contacts {
		if !slices.Contains(gone, c.Officer) {
			out.Contacts = append(out.Contacts, c)
		}
	}
	return out
}

// contactYears is how long a contact is good for until it is said again.
const contactYears = 1

// enlist adds an officer, or a passkey to the one that is listed; name and roles
// are those asked for.
func enlist(list *accord.Officers, want Listing, now time.Time) {
	i := indexOf(list.Officers, want.Officer.ID)
	if i < 0 {
		list.Officers = append(list.Officers, want.Officer)
	} else {
		keys := slices.Clone(list.Officers[i].Keys)
		for _, k := range want.Officer.Keys {
			if !slices.Contains(keys, k) {
				keys = append(keys, k)
			}
		}
		list.Officers[i] = want.Officer
		list.Officers[i].Keys = keys
	}
	if len(want.Reach) == 0 {
		return
	}
	list.Contacts = slices.DeleteFunc(list.Contacts, func(c accord.Contact) bool { return c.Officer == want.Officer.ID })
	for _, role := range want.Officer.Roles {
		list.Contacts = append(list.Contacts, accord.Contact{
			Role: role, Officer: want.Officer.ID, Reach: want.Reach, Languages: Languages(),
			Expires: accord.At(now.AddDate(contactYears, 0, 0).Truncate(time.Hour)),
		})
	}
}
