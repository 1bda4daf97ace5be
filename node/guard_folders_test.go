package node

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"entente/border"
	"entente/console"
	"entente/election/canary"
	"entente/observable"
	"entente/record"
	"entente/statement"
)

// TestFoldersScreen: of a folder whose secret is declared the screen shows size and
// root, whether the own log holds that root, and each decoy of it that own logs have
// shown, also after an end of the node; never a document's name, nor a decoy that
// nobody met, and nothing to whoever may not see the own side's.
func TestFoldersScreen(t *testing.T) {
	u := newUnit(t, nil, north, south)
	f := canary.Folder{Title: "clerk", Key: [32]byte{1}}
	read := func(name, text string) {
		_, d, err := canary.Read(strings.NewReader(text))
		u.ok(err)
		u.ok(f.Add(name, d))
	}
	read("minutes.txt", "what was said")
	for value, holder := range map[string]string{"decoy.weather.example": "printer", "other.weather.example": "courier"} {
		u.ok(f.Add(value, must(canary.Decoy(holder))(t)))
	}
	secret, gone := u.path(north, "clerk.secret"), u.path(north, "gone.secret")
	write(t, secret, must(f.Marshal())(t))
	write(t, u.path(north, "list.json"), fmt.Appendf(nil, `{"files": [{"name": "mailbox", "path": %q, "what": "folder"}, {"name": "gone", "path": %q, "what": "folder"}], "call": [{"id": "ann", "name": "Ann Lee", "phone": "1", "for": ["files"]}]}`, secret, gone))
	u.cfg[north].Inventory = u.path(north, "list.json")
	log := u.path(north, "dns.log")
	write(t, log, []byte(strings.ReplaceAll(queries, "weather.example", "decoy.weather.example")))
	u.cfg[north].Sources = []Source{{ID: "dns", Path: log}}
	u.start(north)
	u.open(north)
	folders := func() []console.FolderView {
		t.Helper()
		return must(guardScreens{u.node(north).whole()}.Folders(t.Context()))(t)
	}
	u.eventually("all lines are read", func() bool { return u.tally(north).Lines == 4 })
	root := statement.Digest(must(f.Seal())(t).Root())
	v := folders()[0]
	if v.Title != "clerk" || v.Documents != 1 || v.Decoys != 2 || v.Root != root || v.Sealed != nil || v.Whom.Name != "Ann Lee" {
		t.Errorf("%+v", v)
	}
	if met := v.Touched[0]; met.Value != "decoy.weather.example" || met.Recipient != "printer" || met.First.Source != "dns" || met.First.Line != 4 || met.Count != 1 {
		t.Errorf("%+v", met)
	}
	if shown := string(must(json.Marshal(folders()))(t)); strings.Contains(shown, "minutes") || strings.Contains(shown, "other.weather") {
		t.Errorf("shown: %s", shown)
	}
	if v := folders()[1]; v.Detail == "" || strings.Contains(v.Detail, "/") || v.Title != "" {
		t.Errorf("no file: %+v", v)
	}
	u.utter(north, draft{kind: record.KindSeal, private: true, marking: border.Red, body: record.SealBody{What: sealedFolder, Name: "clerk", Size: 3, Digest: root}})
	if v := folders()[0]; v.Sealed == nil || v.Sealed.Party != north {
		t.Errorf("not known as sealed: %+v", v.Sealed)
	}
	if got := must(guardScreens{screens{u.node(north), border.Lens{}, u.node(north).seen}}.Folders(t.Context()))(t); len(got) != 0 {
		t.Errorf("who may not see the own side's sees %+v", got)
	}
	before := v.Touched[0].Count
	u.stop(north)
	u.start(north)
	if v := folders()[0]; len(v.Touched) != 1 || v.Touched[0].Count != before {
		t.Errorf("after an end: %+v", v.Touched)
	}
}

// TestFoldersOfOneTitle: two folders of one title each show their own decoys that were
// met, a decoy of several versions counts once.
func TestFoldersOfOneTitle(t *testing.T) {
	u := newUnit(t, nil, north, south)
	var declared []string
	for i, decoy := range []string{"decoy.weather.example", "www.clarityelections.com"} {
		f := canary.Folder{Title: "clerk", Key: [32]byte{byte(i + 1)}}
		_, d, err := canary.Read(strings.NewReader("what was said"))
		u.ok(err)
		u.ok(f.Add("minutes.txt", d))
		for _, holder := range []string{"printer", "courier"} {
			u.ok(f.Add(decoy, must(canary.Decoy(holder))(t)))
		}
		path := filepath.Join(t.TempDir(), fmt.Sprintf("clerk%d.secret", i))
		write(t, path, must(f.Marshal())(t))
		declared = append(declared, fmt.Sprintf(`{"name": "mailbox %d", "path": %q, "what": "folder"}`, i, path))
	}
	write(t, u.path(north, "list.json"), fmt.Appendf(nil, `{"files": [%s]}`, strings.Join(declared, ", ")))
	u.cfg[north].Inventory = u.path(north, "list.json")
	log := u.path(north, "dns.log")
	write(t, log, []byte(strings.ReplaceAll(queries, "weather.example", "decoy.weather.example")))
	u.cfg[north].Sources = []Source{{ID: "dns", Path: log}}
	u.start(north)
	folders := func() []console.FolderView {
		t.Helper()
		return must(guardScreens{u.node(north).whole()}.Folders(t.Context()))(t)
	}
	u.eventually("the decoys are met", func() bool { v := folders(); return len(v[0].Touched)+len(v[1].Touched) > 1 })
	for i, want := range []string{"decoy.weather.example", "www.clarityelections.com"} {
		if v := folders()[i]; v.Documents != 1 || v.Decoys != 1 || len(v.Touched) != 1 || v.Touched[0].Value != want {
			t.Errorf("%d: %+v", i, v)
		}
	}
}

// TestManyTouches: no more decoys that were met are kept and shown than a screen
// holds, and the others are counted.
func TestManyTouches(t *testing.T) {
	f := folderFile{folder: &canary.Folder{Title: "clerk"}, decoys: make(map[observable.Value]string)}
	l := lookalikes{kept: keptNames{Touched: make(map[string]seenTouch)}}
	for i := range mostNames + 7 {
		name := fmt.Sprintf("d%d.example", i)
		f.decoys[observable.Value{Type: observable.Domain, Canonical: name}] = "printer"
		l.kept.touch(name, decoy{"clerk", "printer"}, seenLine{Line: int64(i), At: int64(i)})
	}
	all, passed := l.touches()
	shown, more := f.touched(all)
	if len(all) != mostNames || passed != 7 || len(shown) != touchesShown || more != mostNames-touchesShown || shown[0].Value != fmt.Sprintf("d%d.example", mostNames-1) {
		t.Errorf("%d kept, %d passed, %d shown, %d more", len(all), passed, len(shown), more)
	}
}
