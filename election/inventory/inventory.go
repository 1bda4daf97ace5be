package inventory

import (
	"fmt"
	"slices"
	"time"

	"entente/election/results"
	"entente/election/roll"
)

// Limits of a list.
const (
	MaxBytes   = 1 << 20
	MaxItems   = 2000 // of one section
	MaxPages   = 200
	MaxName    = 200 // bytes of a name
	MaxAddress = 900 // bytes of a URL: it is named in the record
	MaxID      = 40
)

// How often a page is fetched.
const (
	MinEvery     = 10 * time.Second
	MaxEvery     = 24 * time.Hour
	DefaultEvery = 5 * time.Minute
)

// AllContests stands among the final contests of a page for every one of them.
const AllContests = "*"

// Inventory is what one party protects.
type Inventory struct {
	Offices      []Office `json:"offices,omitempty"`
	Domains      []Domain `json:"domains,omitempty"`
	Senders      []Sender `json:"senders,omitempty"`
	Results      []Page   `json:"results,omitempty"`
	Registration []Site   `json:"registration,omitempty"`
	Files        []File   `json:"files,omitempty"`
	Vendors      []Vendor `json:"vendors,omitempty"`
	Call         []Person `json:"call,omitempty"`
}

// Office is a place that runs elections.
type Office struct {
	Name         string `json:"name"`
	Jurisdiction string `json:"jurisdiction,omitempty"`
	Call         string `json:"call,omitempty"` // id of a person
	Shared       bool   `json:"shared,omitempty"`
}

// Domain is a name that look-alikes are made of.
type Domain struct {
	Name   string `json:"name"` // registrable or below, as in vote.example
	What   string `json:"what,omitempty"`
	Call   string `json:"call,omitempty"`
	Shared bool   `json:"shared,omitempty"`
}

// Sender is an address that voters or offices get mail from.
type Sender struct {
	Address string `json:"address"`
	Display string `json:"display,omitempty"` // the name that goes with it
	Call    string `json:"call,omitempty"`
	Shared  bool   `json:"shared,omitempty"`
}

// Page is a results page or feed that is fetched again and again.
type Page struct {
	ID           string           `json:"id"`  // names it for ever: lower-case letters, digits, hyphens
	URL          string           `json:"url"` // http or https
	Jurisdiction string           `json:"jurisdiction,omitempty"`
	Election     string           `json:"election,omitempty"` // "": what the file says
	Columns      *results.Columns `json:"columns,omitempty"`  // of a table in no known layout
	Every        Duration         `json:"every,omitempty"`
	Final        []string         `json:"final,omitempty"`    // contests that may not change any more; "*": all
	Profile      results.Profile  `json:"profile,omitzero"`   // what honest results of the place do
	Networks     []string         `json:"networks,omitempty"` // that are not public and may be connected to
	Call         string           `json:"call,omitempty"`
	Shared       bool             `json:"shared,omitempty"`
}

// Interval is how often the page is fetched.
func (p Page) Interval() time.Duration {
	if p.Every == 0 {
		return DefaultEvery
	}
	return time.Duration(p.Every)
}

// Finished reports whether a contest may not change any more. A number of a
// unit as a whole, without a contest, is finished with all contests.
func (p Page) Finished(contest string) bool {
	return slices.Contains(p.Final, AllContests) || contest != "" && slices.ContainsFunc(p.Final, func(f string) bool { return results.SameName(f, contest) })
}

// Site is where voters register or look up where they stand.
type Site struct {
	Name    string   `json:"name"`
	URL     string   `json:"url,omitempty"`
	Exports []string `json:"exports,omitempty"` // of the roll, on this machine: files, and folders of them
	Roll    *Roll    `json:"roll,omitempty"`    // how they are read and judged, where the defaults do not do
	Call    string   `json:"call,omitempty"`
	Shared  bool     `json:"shared,omitempty"`
}

// Roll is how the exports of a site are read, and what in them is judged.
type Roll struct {
	Key      string        `json:"key,omitempty"`      // file of the office's secret; without it the node makes one
	Place    string        `json:"place,omitempty"`    // whose roll it is; else the site's name
	Columns  *roll.Columns `json:"columns,omitempty"`  // of a layout that is not known
	Broken   int           `json:"broken,omitempty"`   // rows of an export that may be left out
	Canaries []string      `json:"canaries,omitempty"` // ids of planted voters; parts of an id with / between
	Election string        `json:"election,omitempty"` // YYYY-MM-DD: removals in the ninety days before it are judged
	Allowed  []string      `json:"allowed,omitempty"`  // reasons of removal that are allowed then
	Shared   int           `json:"shared,omitempty"`   // voters who come to one address within thirty days; 0: ten
}

// What a file is.
const (
	FileTabulator = "tabulator"
	FileManifest  = "manifest" // of ballots
	FileRecords   = "records"  // cast vote records
	FileContest   = "contest"  // as it is audited
	FileEntries   = "entries"  // what a board read, with its salt
	FilePosts     = "posts"    // an export of posts
	FileFolder    = "folder"   // the owner's secret of a sealed folder
	FileOther     = "other"
)

// File is a file that a tabulator, an audit or another guard rests on.
type File struct {
	Name string `json:"name"`
	Path string `json:"path"`
	What string `json:"what"`           // one of the words above
	Key  string `json:"key,omitempty"`  // of records: file of the key that their root is made with
	Near int    `json:"near,omitempty"` // of posts: texts that share so many percent of their words count as the same
	Call string `json:"call,omitempty"`
}

// Vendor is whose products or mail an office relies on.
type Vendor struct {
	Name    string   `json:"name"`
	Domains []string `json:"domains,omitempty"`
	Senders []string `json:"senders,omitempty"`
	Call    string   `json:"call,omitempty"`
	Shared  bool     `json:"shared,omitempty"`
}

// Person is somebody to call. Whoever is not named for a thing is called for
// the sections in For.
type Person struct {
	ID     string   `json:"id"`
	Name   string   `json:"name"`
	Phone  string   `json:"phone,omitempty"`
	Mail   string   `json:"mail,omitempty"`
	Hours  string   `json:"hours,omitempty"`
	For    []string `json:"for,omitempty"`
	Shared bool     `json:"shared,omitempty"`
}

// Page returns the page with an id.
func (v Inventory) Page(id string) (Page, bool) {
	i := slices.IndexFunc(v.Results, func(p Page) bool { return p.ID == id })
	if i < 0 {
		return Page{}, false
	}
	return v.Results[i], true
}

// Whom says who is called for a thing of a section: the person named for it,
// else the first who is there for the section.
func (v Inventory) Whom(section, call string) (Person, bool) {
	i := slices.IndexFunc(v.Call, func(p Person) bool { return p.ID == call })
	if i < 0 {
		i = slices.IndexFunc(v.Call, func(p Person) bool { return slices.Contains(p.For, section) })
	}
	if i < 0 {
		return Person{}, false
	}
	return v.Call[i], true
}

// Shared is the part that may be told to a partner. Files, networks and
// exports say where things lie inside, and stay at home.
func (v Inventory) Shared() Inventory {
	out := Inventory{
		Offices: only(v.Offices, func(o Office) bool { return o.Shared }),
		Domains: only(v.Domains, func(d Domain) bool { return d.Shared }),
		Senders: only(v.Senders, func(s Sender) bool { return s.Shared }),
		Results: only(v.Results, func(p Page) bool { return p.Shared }),
		Vendors: only(v.Vendors, func(d Vendor) bool { return d.Shared }),
		Call:    only(v.Call, func(p Person) bool { return p.Shared }),

		Registration: only(v.Registration, func(s Site) bool { return s.Shared }),
	}
	for i := range out.Results {
		out.Results[i].Networks = nil
	}
	for i := range out.Registration {
		out.Registration[i].Exports, out.Registration[i].Roll = nil, nil
	}
	known := func(id string) bool {
		return slices.ContainsFunc(out.Call, func(p Person) bool { return p.ID == id })
	}
	out.eachCall(func(call *string) {
		if !known(*call) {
			*call = ""
		}
	})
	return out
}

// FromAfar is the part that may come from elsewhere than a file of the node's own
// machine: nothing that names a place in it or in the networks around it.
func (v Inventory) FromAfar() Inventory {
	out := v
	out.Files = nil
	out.Results = slices.Clone(v.Results)
	for i := range out.Results {
		out.Results[i].Networks = nil
	}
	out.Registration = slices.Clone(v.Registration)
	for i := range out.Registration {
		out.Registration[i].Exports = nil
	}
	return out
}

// With is a list with more in it. What stands there already under the same name or
// address stays as it is; a page under the id of another is an error.
func (v Inventory) With(more Inventory) (Inventory, error) {
	for _, p := range more.Results {
		if old, known := v.Page(p.ID); known {
			if old.URL == p.URL {
				continue
			}
			return v, fmt.Errorf("a page %.64s is guarded already", p.ID)
		}
		v.Results = append(slices.Clip(v.Results), p)
	}
	v.Offices = joined(v.Offices, more.Offices, func(o Office) string { return o.Name + "\x00" + o.Jurisdiction })
	v.Domains = joined(v.Domains, more.Domains, func(d Domain) string { return d.Name })
	v.Senders = joined(v.Senders, more.Senders, func(s Sender) string { return s.Address })
	v.Registration = joined(v.Registration, more.Registration, func(s Site) string { return s.Name })
	v.Files = joined(v.Files, more.Files, func(f File) string { return f.Path })
	v.Vendors = joined(v.Vendors, more.Vendors, func(d Vendor) string { return d.Name })
	v.Call = joined(v.Call, more.Call, func(p Person) string { return p.ID })
	return v, nil
}

func joined[T any](all, more []T, name func(T) string) []T {
	known := make(map[string]bool)
	for _, x := range all {
		known[name(x)] = true
	}
	for _, x := range more {
		if !known[name(x)] {
			known[name(x)] = true
			all = append(slices.Clip(all), x)
		}
	}
	return all
}

func only[T any](all []T, want func(T) bool) (out []T) {
	for _, one := range all {
		if want(one) {
			out = append(out, one)
		}
	}
	return out
}

// eachCall visits every reference to a person.
func (v *Inventory) eachCall(visit func(call *string)) {
	for i := range v.Offices {
		visit(&v.Offices[i].Call)
	}
	for i := range v.Domains {
		visit(&v.Domains[i].Call)
	}
	for i := range v.Senders {
		visit(&v.Senders[i].Call)
	}
	for i := range v.Results {
		visit(&v.Results[i].Call)
	}
	for i := range v.Registration {
		visit(&v.Registration[i].Call)
	}
	for i := range v.Files {
		visit(&v.Files[i].Call)
	}
	for i := range v.Vendors {
		visit(&v.Vendors[i].Call)
	}
}

// Empty reports whether nothing is listed.
func (v Inventory) Empty() bool { return v.Count() == 0 }

// Count is how many things are listed, people included.
func (v Inventory) Count() int {
	return len(v.Offices) + len(v.Domains) + len(v.Senders) + len(v.Results) + len(v.Registration) + len(v.Files) + len(v.Vendors) + len(v.Call)
}
