package node

import (
	"bytes"
	"encoding/json"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"entente/api"
	"entente/border"
	"entente/console"
	"entente/exchange/convert"
	"entente/internal/sqlite"
	"entente/watch/indicator"
)

// at loads a stopped node's lists as they stand at some time.
func (u *unit) at(name string, now time.Time) map[string]entry {
	u.t.Helper()
	view := must(sqlite.OpenView(u.t.Context(), u.path(name, "view.db")))(u.t)
	defer view.Close()
	f := must(OpenFolder(*u.cfg[name], nil))(u.t)
	defer f.Close()
	l := newLists(view, f.self.Origin, border.NewGate(border.BuiltIn(), nil), func() time.Time { return now })
	w := must(l.load(u.t.Context()))(u.t)
	all := make(map[string]entry)
	for _, e := range w.entries {
		all[e.giver+" "+e.item.Value] = e
	}
	return all
}

func codes(e entry) string {
	var all []string
	for _, r := range e.verdict.Reasons {
		all = append(all, r.Code)
	}
	return strings.Join(all, " ")
}

// TestGateOverTime: an indicator is watched until nobody has stood by it for
// long; an acceptance covers what it was given for and not what comes later;
// a sighting makes it last; what only one party infers waits for a second.
func TestGateOverTime(t *testing.T) {
	t.Parallel()
	u := newUnit(t, nil, north, south, observer)
	log := u.watches(south)
	u.weblog(log, "203.0.113.1")
	u.start(u.names...)
	u.open(u.names...)
	today := time.Now()
	u.share(north, south, "dated.csv", dated("203.0.113.1", "203.0.113.2"))
	u.share(north, south, "undated.csv", undated("203.0.113.3"))
	for _, from := range []string{north, observer} {
		basis := indicator.BasisInferred
		if from == observer {
			basis = indicator.BasisObserved
		}
		must(u.node(from).Control().Share(t.Context(), api.ShareRequest{Name: "guess.csv", Basis: basis, To: []string{south}, Data: dated("203.0.113.4")}))(t)
	}
	must(u.node(north).Control().Share(t.Context(), api.ShareRequest{Name: "alone.csv", Basis: indicator.BasisInferred, To: []string{south}, Data: dated("203.0.113.5")}))(t)
	u.settle()
	must(u.node(south).Control().Accept(t.Context(), api.AcceptRequest{Officer: officer, Reason: "seen elsewhere", Name: "undated.csv"}))(t)
	must(u.node(south).Control().Release(t.Context(), api.ReleaseRequest{Officer: officer, All: true}))(t)
	u.settle()
	for _, name := range u.names {
		u.stop(name)
	}
	for _, c := range []struct {
		days int
		key  string
		held bool
		why  string
	}{
		{0, "north 203.0.113.2", false, ""},
		{89, "north 203.0.113.2", false, ""},
		{91, "north 203.0.113.2", true, border.HeldDecayed},
		{91, "north 203.0.113.1", false, ""}, // south has seen it
		{181, "north 203.0.113.1", true, border.HeldDecayed},
		{0, "north 203.0.113.3", false, border.HeldUndated + " " + border.HeldEvidence},
		{91, "north 203.0.113.3", true, border.HeldUndated + " " + border.HeldDecayed + " " + border.HeldEvidence},
		{0, "north 203.0.113.4", false, ""}, // the observer has seen it too
		{0, "north 203.0.113.5", true, border.HeldEvidence},
	} {
		e, ok := u.at(south, today.AddDate(0, 0, c.days))[c.key]
		if !ok || e.held() != c.held || codes(e) != c.why {
			t.Errorf("day %d, %s: held %t for %q (score %.0f), want %t for %q", c.days, c.key, e.held(), codes(e), e.verdict.Score, c.held, c.why)
		}
	}
}

// warned is an independent reading of the warning lists: which of them an IPv4
// address is on, by walking every entry.
func warned(t *testing.T, dir string) func(netip.Addr) map[string]bool {
	type list struct {
		name    string
		nets    []netip.Prefix
		strings map[string]bool
	}
	var all []list
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatal(err, files)
	}
	for _, path := range files {
		var file struct {
			Name, Type string
			List       []string
		}
		data, err := os.ReadFile(path)
		if err == nil {
			err = json.Unmarshal(data, &file)
		}
		if err != nil {
			t.Fatal(path, err)
		}
		l := list{name: file.Name, strings: make(map[string]bool)}
		for _, text := range file.List {
			l.strings[text] = file.Type == "string"
			if p, err := netip.ParsePrefix(text); err == nil && file.Type == "cidr" {
				l.nets = append(l.nets, p)
			} else if a, err := netip.ParseAddr(text); err == nil && file.Type == "cidr" {
				l.nets = append(l.nets, netip.PrefixFrom(a, a.BitLen()))
			}
		}
		all = append(all, l)
	}
	return func(a netip.Addr) map[string]bool {
		on := make(map[string]bool)
		for _, l := range all {
			if l.strings[a.String()] || slices.ContainsFunc(l.nets, func(p netip.Prefix) bool { return p.Contains(a) }) {
				on[l.name] = true
			}
		}
		return on
	}
}

// TestSharedGate: of JAR-16-20296A none of 911 rows alerts; every warning list
// that an address is on is named with its entry, as many as an independent
// count finds; and each verdict is explained in English and in Russian.
func TestSharedGate(t *testing.T) {
	const data = "../../shared/data"
	file, err := os.ReadFile(filepath.Join(data, "indicators/JAR-16-20296A.csv"))
	if err != nil {
		t.Skip("the shared data are not here: ", err)
	}
	items, report, err := convert.Read("JAR-16-20296A.csv", file)
	if err != nil || report.Rows != 911 || report.Recovered != 19 || report.Items+report.Duplicates != 911 {
		t.Fatalf("%+v: %v", report, err)
	}
	lists := border.BuiltIn()
	files, _ := filepath.Glob(filepath.Join(data, "warninglists/*.json"))
	for _, path := range files {
		l, err := convert.WarningList(filepath.Base(path), must(os.ReadFile(path))(t))
		if err != nil {
			t.Fatal(path, err)
		}
		lists = append(lists, l)
	}
	gate, on := border.NewGate(lists, nil), warned(t, filepath.Join(data, "warninglists"))
	hits, addresses := 0, 0
	for _, it := range items {
		c, err := candidate(it, indicator.BasisTold, time.Now().UnixMilli())
		if err != nil {
			t.Fatal(err)
		}
		v := gate.Judge(c, time.Now())
		if !v.Hold {
			t.Errorf("%s alerts", it.Value)
		}
		named := make(map[string]bool)
		for _, r := range v.Reasons {
			if name, entry, ok := strings.Cut(r.Detail, ": "); r.Code == border.HeldWarningList && ok && entry != "" {
				named[name] = true
			}
			for _, lang := range console.Languages() {
				text, err := console.Explain(lang, console.Reason{Code: r.Code, Detail: r.Detail})
				if err != nil || text == "" || strings.Contains(text, "{") || r.Code == border.HeldWarningList && !strings.Contains(text, r.Detail[strings.Index(r.Detail, ": ")+2:]) {
					t.Errorf("%s %s in %s: %q, %v", it.Value, r.Code, lang, text, err)
				}
			}
		}
		addr, err := netip.ParseAddr(it.Value)
		if err != nil {
			continue
		}
		addresses++
		want := on(addr)
		for name := range want {
			if !named[name] {
				t.Errorf("%s is on %q, which is not named: %v", it.Value, name, v.Reasons)
			}
		}
		if len(want) != len(named) {
			t.Errorf("%s: named %v, counted %v", it.Value, named, want)
		}
		if len(named) > 0 {
			hits++
		}
	}
	if addresses != 876 || hits != 401 {
		t.Errorf("%d of %d addresses are on warning lists, want 401 of 876", hits, addresses)
	}
}

// TestEveryReasonIsExplained in both languages, with every place filled.
func TestEveryReasonIsExplained(t *testing.T) {
	details := map[string]string{border.HeldBreadth: "1.0.0.0/8, limit /16", border.HeldWarningList: "a list: an entry", border.HeldDecayed: "12 < 25, 2026-01-01", border.HeldEvidence: "told"}
	for _, code := range border.HeldCodes() {
		var said []string
		for _, lang := range console.Languages() {
			text, err := console.Explain(lang, console.Reason{Code: code, Detail: details[code]})
			if err != nil || text == "" || strings.ContainsAny(text, "{}") {
				t.Errorf("%s in %s: %q, %v", code, lang, text, err)
			}
			said = append(said, text)
		}
		if said[0] == said[1] {
			t.Errorf("%s: %q in every language", code, said[0])
		}
	}
}

func TestDecayOfConfig(t *testing.T) {
	for text, ok := range map[string]bool{
		"decay: {threshold: 0}":                            true,
		"decay: {threshold: 40, half_life_days: {url: 3}}": true,
		"decay: {half_life_days: {md5: 0}}":                true,
		"decay: {threshold: 100}":                          false,
		"decay: {half_life_days: {ip: 3}}":                 false,
		"decay: {half_life_days: {url: -1}}":               false,
		"decay: {half_life_days: {url: 1e9}}":              false,
	} {
		dir := t.TempDir()
		write(t, filepath.Join(dir, "config.yaml"), bytes.TrimSpace([]byte(text)))
		c := must(ReadConfig(dir))(t)
		if _, err := c.decay(); (err == nil) != ok {
			t.Errorf("%s: %v", text, err)
		}
	}
}
