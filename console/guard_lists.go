package console

import (
	"cmp"
	"net/http"

	"entente/election/inventory"
)

// Kinds of what stands in a list: words of the catalogue below "toldlists.kind.".
const (
	listedOffice = "office"
	listedDomain = "domain"
	listedSender = "sender"
	listedPage   = "page"
	listedSite   = "site"
	listedVendor = "vendor"
	listedPerson = "person"
)

// ListsView is what parties told each other of what they guard.
type ListsView struct {
	Shared inventory.Inventory // of the own list: what the others may know
	File   string              // where the own list is kept; "": the console writes it
	Same   bool                // that much was told already
	Told   []ToldList          // the newest of each party that told one, this party's first
}

// ToldList is the newest list that a party told, by its own word.
type ToldList struct {
	Ref
	Own   bool
	At    int64 // claimed, Unix milliseconds
	Items int64
	Fault bool // it is not taken: it cannot be read, or is not what was announced
	List  inventory.Inventory
}

// listed is one thing of a list, as the screen names it.
type listed struct{ Kind, Name, Beside string }

// Rows are the things of a list, kind by kind.
func (t ToldList) Rows() []listed { return listRows(t.List) }

// Rows are the things that would be told.
func (v ListsView) Rows() []listed { return listRows(v.Shared) }

func listRows(list inventory.Inventory) (out []listed) {
	for _, x := range list.Offices {
		out = append(out, listed{listedOffice, x.Name, x.Jurisdiction})
	}
	for _, x := range list.Domains {
		out = append(out, listed{listedDomain, x.Name, x.What})
	}
	for _, x := range list.Senders {
		out = append(out, listed{listedSender, x.Address, x.Display})
	}
	for _, x := range list.Results {
		out = append(out, listed{listedPage, x.ID, x.URL})
	}
	for _, x := range list.Registration {
		out = append(out, listed{listedSite, x.Name, x.URL})
	}
	for _, x := range list.Vendors {
		out = append(out, listed{listedVendor, x.Name, ""})
	}
	for _, x := range list.Call {
		out = append(out, listed{listedPerson, x.Name, cmp.Or(x.Phone, x.Mail)})
	}
	return out
}

// listsPage is the body of the screen of lists that were told.
type listsPage struct {
	ListsView
	Decides bool
}

func (c *Console) lists(v *visit) error {
	all, err := v.source.Guards().Lists(v.r.Context())
	if err != nil {
		return err
	}
	return c.render(v, http.StatusOK, "lists", frame{Title: "guard.lists", Live: "record", Up: "/election", Body: listsPage{all, v.user.decides()}})
}

// tellList tells the others what of the own list is shared.
func (c *Console) tellList(v *visit) error {
	if err := v.form(); err != nil {
		return err
	}
	if err := v.source.Guards().TellList(v.r.Context(), v.user); err != nil {
		return err
	}
	return v.see("/guard/lists")
}

// guardList takes what another party told up into the own list.
func (c *Console) guardList(v *visit) error {
	if err := v.form(); err != nil {
		return err
	}
	if err := v.source.Guards().GuardList(v.r.Context(), v.user, v.r.PostForm.Get("party")); err != nil {
		return err
	}
	return v.see("/guard/lists")
}
