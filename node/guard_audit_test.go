package node

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"entente/api"
	"entente/console"
	"entente/election/audit"
	"entente/election/inventory"
	"entente/statement"
)

const (
	mayor = `{"contest": "Mayor", "rule": "plurality", "method": "polling", "winners": ["Ann"], "losers": ["Bo"], "votes": {"Ann": 70, "Bo": 30}, "cards": 100, "limit": "0.1"}`
	cards = "Tabulator,Batch,Cards\n1,1,100\n"
	seed  = "12345678901234567890"
)

// boardOf writes what a board read of the first cards drawn: Ann, but on those named.
func boardOf(t *testing.T, dir, board string, n int, bo ...int) (inventory.File, audit.Sealed) {
	t.Helper()
	var c audit.Contest
	if err := json.Unmarshal([]byte(mayor), &c); err != nil {
		t.Fatal(err)
	}
	m := must(audit.ReadManifest(strings.NewReader(cards)))(t)
	r := audit.Reading{Audit: "night", Board: board, Salt: strings.Repeat("ab", 32)}
	i := 0
	for label := range must(c.Sequence(seed, m))(t) {
		if i++; i > n {
			break
		}
		who := "Ann"
		if slices.Contains(bo, i) {
			who = "Bo"
		}
		r.Entries = append(r.Entries, audit.Entry{Ballot: label, Contest: "Mayor", State: audit.StateVotes, Choices: []string{who}})
	}
	slices.SortFunc(r.Entries, func(a, b audit.Entry) int { return strings.Compare(a.Ballot, b.Ballot) })
	path := filepath.Join(dir, fmt.Sprint(board, n, ".json"))
	write(t, path, must(json.Marshal(r))(t))
	return inventory.File{Name: board, Path: path, What: inventory.FileEntries}, audit.Sealed{Party: board, Name: board, What: audit.SealEntries, Digest: must(r.Digest())(t), Size: int64(n)}
}

// TestMeasuredAudit: a contest is measured from the declared files that are what
// was sealed, and from no others; what is missing is named.
func TestMeasuredAudit(t *testing.T) {
	dir := t.TempDir()
	path := func(name, text string) string {
		p := filepath.Join(dir, name)
		write(t, p, []byte(text))
		return p
	}
	contest := inventory.File{Name: "contest", Path: path("contest.json", mayor), What: inventory.FileContest}
	manifest := inventory.File{Name: "manifest", Path: path("manifest.csv", cards), What: inventory.FileManifest}
	other := inventory.File{Name: "other", Path: path("other.csv", "Tabulator,Batch,Cards\n1,2,100\n"), What: inventory.FileManifest}
	torn := inventory.File{Name: "torn", Path: path("torn.json", `{"contest": `), What: inventory.FileContest}
	red, sealedRed := boardOf(t, dir, north, 12, 3)
	blue, sealedBlue := boardOf(t, dir, south, 12, 3)
	again, sealedAgain := boardOf(t, dir, south, 13, 3, 5)

	d := declare(t.Context(), patient(), inventory.Inventory{Files: []inventory.File{contest, manifest}})
	sheets := func(sealed ...audit.Sealed) (out []audit.Sheet) {
		for _, s := range sealed {
			out = append(out, audit.Sheet{Party: s.Party, Board: s.Name, Round: 1, Digest: s.Digest})
		}
		return out
	}
	j := audit.Joint{Audit: "night", Parties: []string{north, south}, Seed: seed, Sheets: sheets(sealedRed, sealedBlue)}
	for root := range d.manifests {
		j.Sealed = append(j.Sealed, audit.Sealed{What: audit.SealManifest, Digest: root})
	}
	j.Sealed = append(j.Sealed, audit.Sealed{What: audit.SealContest, Name: "Mayor", Digest: must(d.contests[0].Digest())(t)})
	for _, tt := range []struct {
		name   string
		files  []inventory.File
		change func(*audit.Joint)
		needs  string
		broken int
	}{
		{"all of it", []inventory.File{contest, manifest, red, blue}, nil, "[]", 0},
		{"nothing", nil, nil, "[contest manifest entries]", 0},
		{"another manifest", []inventory.File{contest, other, red, blue}, nil, "[manifest]", 0},
		{"a torn file beside it", []inventory.File{contest, torn, manifest, red, blue}, nil, "[]", 1},
		{"the other board's file is not here", []inventory.File{contest, manifest, red}, nil, "[entries]", 0},
		{"the other board has not committed", []inventory.File{contest, manifest, red, blue}, func(j *audit.Joint) { j.Sheets = sheets(sealedRed) }, "[boards]", 0},
		{"another reading than was committed to", []inventory.File{contest, manifest, red, again}, nil, "[entries]", 0},
		{"before the seed", []inventory.File{contest, manifest, red, blue}, func(j *audit.Joint) { j.Seed = "" }, "[seed]", 0},
		{"they differ", []inventory.File{contest, manifest, red, again}, func(j *audit.Joint) { j.Sheets = sheets(sealedRed, sealedAgain) }, "[settle]", 0},
		{"one may have known the other", []inventory.File{contest, manifest, red, blue}, func(j *audit.Joint) {
			j.Sheets = sheets(sealedRed, sealedBlue)
			j.Sheets[1].Knew = []string{j.Sheets[0].ID()}
		}, "[apart]", 0},
	} {
		at := j
		if tt.change != nil {
			tt.change(&at)
		}
		d := declare(t.Context(), patient(), inventory.Inventory{Files: tt.files})
		got := must(d.measure(t.Context(), at, nil))(t)
		if len(got) != 1 || fmt.Sprint(got[0].Needs) != tt.needs || len(d.broken) != tt.broken || (got[0].Newest() != nil) != (tt.needs == "[]") {
			t.Errorf("%s: %+v, broken %v", tt.name, got, d.broken)
		}
	}
	d = declare(t.Context(), patient(), inventory.Inventory{Files: []inventory.File{contest, manifest, red, blue}})
	c := must(d.measure(t.Context(), j, nil))(t)[0]
	if o := c.Newest(); o.Seen != 12 || o.Risk <= 0 || o.Risk >= 1 || len(c.Course) != 12 || c.Course[11].Risk != o.Risk || c.Rows[2].First != "Bo" || c.Rows[2].Second != "Bo" || c.Rows[3].Paper != "Ann" {
		t.Errorf("%+v", c)
	}
}

// TestAuditScreen: an audit stands on the screen once anything of it is sealed, and
// for the own side alone.
func TestAuditScreen(t *testing.T) {
	u := newUnit(t, nil, north, south)
	u.start(north)
	n := u.node(north)
	u.eventually("it may write", func() bool { return n.writable() == nil })
	whole := guardScreens{n.whole()}
	if got := must(whole.Audits(t.Context()))(t); len(got) != 0 {
		t.Errorf("%+v", got)
	}
	m := must(audit.ReadManifest(strings.NewReader(cards)))(t)
	for what, digest := range map[string]statement.Digest{audit.SealManifest: m.Root(), audit.SealContest: {1}} {
		name := map[string]string{audit.SealContest: "night/Mayor"}[what]
		if name == "" {
			name = "night"
		}
		must(n.Control().Seal(t.Context(), api.SealRequest{What: what, Name: name, Size: 100, Digest: digest}))(t)
	}
	u.guarded(north)
	got := must(whole.Audits(t.Context()))(t)
	if len(got) != 1 || got[0].Joint.Audit != "night" || len(got[0].Contests) != 1 || fmt.Sprint(got[0].Contests[0].Needs) != "[contest manifest seed boards]" {
		t.Fatalf("%+v", got)
	}
	if len(got[0].Joint.Waiting) == 0 || got[0].Joint.Waiting[0].Party != south {
		t.Errorf("it waits for %v", got[0].Joint.Waiting)
	}
	if _, err := whole.Audit(t.Context(), "day"); !errors.Is(err, console.ErrNotFound) {
		t.Errorf("an audit that nobody speaks of: %v", err)
	}
	guest := must(n.As(t.Context(), console.User{Name: "greta", Roles: []console.Role{console.RoleObserver}, Clearance: "TLP:GREEN"}))(t)
	if list := must(guest.Guards().Audits(t.Context()))(t); len(list) != 0 {
		t.Errorf("shown to whoever may not see what is of the own side alone: %+v", list)
	}
	if _, err := guest.Guards().Audit(t.Context(), "night"); !errors.Is(err, console.ErrNotFound) {
		t.Errorf("likewise: %v", err)
	}
}
