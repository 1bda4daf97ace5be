package sigma_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"entente/watch"
	"entente/watch/sigma"
)

func file(name, text string) sigma.File { return sigma.File{Name: name, Data: []byte(text)} }

func detects(name, value string) string {
	return "title: " + name + "\nname: " + name + "\nlogsource: {product: zeek, service: test}\ndetection:\n  s: {a: '" + value + "'}\n  condition: s\n"
}

func counts(name string, rules ...string) string {
	return "title: " + name + "\nname: " + name + "\ncorrelation: {type: event_count, rules: [" + strings.Join(rules, ", ") + "], group-by: [who], timespan: 10m, condition: {gte: 2}}\n"
}

const filters = "title: admins\nlogsource: {product: zeek}\nfilter: {rules: any, sel: {who: root}, condition: sel}\n"

// orders are all orders of some files.
func orders(files []sigma.File) (out [][]sigma.File) {
	if len(files) < 2 {
		return [][]sigma.File{files}
	}
	for i := range files {
		rest := slices.Delete(slices.Clone(files), i, i+1)
		for _, o := range orders(rest) {
			out = append(out, append([]sigma.File{files[i]}, o...))
		}
	}
	return out
}

// TestAcrossFiles: what is spread over files is what one file would be, in whatever order they come.
func TestAcrossFiles(t *testing.T) {
	parts := []sigma.File{
		file("rule.yml", detects("one", "1")), file("count.yml", counts("many", "one")), file("chain.yml", counts("more", "many")), file("filter.yml", filters),
	}
	var whole string
	for _, p := range parts {
		whole += string(p.Data) + "---\n"
	}
	run := func(files []sigma.File) (out []string) {
		set, report := sigma.Load(files, sigma.Options{})
		if n := report.Count(sigma.Loaded); n != 4 {
			t.Fatalf("%d loaded: %+v", n, report)
		}
		w := set.NewWatch(sigma.WatchOptions{})
		add := func(alerts []sigma.Alert) {
			for _, a := range alerts {
				out = append(out, fmt.Sprint(a.ID, a.Rule.Title, a.Time, a.Correlated.Count, a.Correlated.Group))
			}
		}
		for i := range 12 {
			ev := made("a=1;who=" + []string{"root", "ann", "bob"}[i%3])
			ev.Time = time.Date(2026, 11, 3, 8, i, 0, 0, time.UTC)
			add(w.Event(ev, watch.Place{Source: "x", Line: int64(i), Offset: int64(100 * i)}, nil, time.Time{}))
		}
		add(w.Flush())
		return out
	}
	want := run([]sigma.File{file("whole.yml", whole)})
	if len(want) != 2 || !strings.Contains(want[0], "more") || strings.Contains(strings.Join(want, ""), "root") {
		t.Fatalf("%q", want)
	}
	for _, files := range orders(parts) {
		if diff := cmp.Diff(want, run(files)); diff != "" {
			t.Errorf("%v: %s", files, diff)
		}
	}
}

// outcomes says of each document, by its title, what became of it.
func outcomes(report sigma.Report) map[string]string {
	out := make(map[string]string)
	for _, e := range report.Entries {
		s := string(e.Outcome)
		if e.Refusal != nil {
			s += fmt.Sprintf(" %v %s", e.Refusal.Waits, e.Refusal.Why)
		}
		out[e.Title] += s
	}
	return out
}

// TestWaits: a correlation says which rule it waits for and what became of that, also at one remove; a circle is
// refused, and what leads to one waits for it.
func TestWaits(t *testing.T) {
	const id = "5c7d1f3e-2f1b-4a49-9a10-6f1f2f9f0b01"
	files := []sigma.File{
		file("bad.yml", strings.Replace(detects("bad", "1"), "a:", "a|nothing:", 1)), file("a.yml", counts("needs bad", "bad", "good", "gone")),
		file("b.yml", counts("far", "needs bad")), file("good.yml", detects("good", "1")), file("c.yml", counts("needs id", strings.ToUpper(id))),
		file("loop1.yml", counts("loop1", "loop2")), file("loop2.yml", counts("loop2", "loop1")), file("to.yml", counts("to", "loop1", "good")), file("self.yml", counts("self", "self")),
		file("filter.yml", "name: sieve\n"+filters), file("d.yml", counts("needs filter", "sieve")),
		file("twice1.yml", detects("twice", "1")), file("twice2.yml", detects("twice", "2")), file("e.yml", counts("which", "twice")),
	}
	want := map[string]string{
		"bad":          "refused [] no modifier of Sigma 2.1",
		"needs bad":    "refused [bad gone] rule \"bad\" is not loaded: bad.yml:1 is refused, line 5, column 18: modifier nothing: no modifier of Sigma 2.1",
		"far":          "refused [needs bad] rule \"needs bad\" is not loaded: a.yml:1 is refused, line 3, column 15: rules: rule \"bad\" is not loaded: bad.yml:1 is refused, line 5, column 18: modifier nothing: no modifier of Sigma 2.1",
		"needs id":     "refused [" + strings.ToUpper(id) + "] rule \"" + strings.ToUpper(id) + "\" is not loaded: no rule here has that id or name",
		"loop1":        "refused [] a circle of correlations: \"loop1\" of loop1.yml:1, \"loop2\" of loop2.yml:1",
		"loop2":        "refused [] a circle of correlations: \"loop2\" of loop2.yml:1, \"loop1\" of loop1.yml:1",
		"self":         "refused [] a circle of correlations: \"self\" of self.yml:1",
		"to":           "refused [loop1] rule \"loop1\" is not loaded: loop1.yml:1 is refused, line 3, column 15: rules: a circle of correlations: \"loop1\" of loop1.yml:1, \"loop2\" of loop2.yml:1",
		"needs filter": "refused [sieve] rule \"sieve\" is not loaded: filter.yml:1 is a filter",
		"which":        "refused [] \"twice\" is what two rules are called, of twice1.yml:1 and of twice2.yml:1",
		"good":         "loaded", "admins": "loaded", "twice": "loadedloaded",
	}
	_, report := sigma.Load(files, sigma.Options{})
	if diff := cmp.Diff(want, outcomes(report)); diff != "" {
		t.Error(diff)
	}
	// The rule that comes later resolves what waited.
	files = append(files, file("later.yml", "id: "+id+"\n"+detects("later", "1")))
	_, report = sigma.Load(files, sigma.Options{})
	if got := outcomes(report)["needs id"]; got != "loaded" {
		t.Error(got)
	}
}

// TestSameTwice: a document that two files hold is no other rule: either is meant, and neither alerts beside the
// correlation that they feed.
func TestSameTwice(t *testing.T) {
	set, report := sigma.Load([]sigma.File{file("a.yml", detects("one", "1")), file("b.yml", "\n"+detects("one", "1")), file("c.yml", counts("many", "one"))}, sigma.Options{})
	if n := report.Count(sigma.Loaded); n != 3 || !set.Silent(0) || !set.Silent(1) || set.Silent(2) {
		t.Errorf("%+v", report)
	}
	if diff := cmp.Diff([][]int{{0, 2}, {0}}, [][]int{set.Others(1), set.Others(2)}); diff != "" {
		t.Error(diff)
	}
}

// TestFilteringIsBounded: filters that together would ask too much of too many rules are refused, and the rest go on.
func TestFilteringIsBounded(t *testing.T) {
	var files []sigma.File
	for i := range 100 {
		files = append(files, file(fmt.Sprint("f", i), strings.Replace(filters, "admins", fmt.Sprint("filter ", i), 1)), file(fmt.Sprint("r", i), detects(fmt.Sprint("rule ", i), "1")))
	}
	_, report := sigma.Load(files, sigma.Options{Filtering: 3000})
	refused := 0
	for _, e := range report.Entries {
		if e.Refusal == nil {
			continue
		}
		if refused++; e.Kind != sigma.Filter || e.Refusal.Construct != "filter" {
			t.Errorf("%+v", e)
		}
	}
	if refused == 0 || refused == 100 {
		t.Errorf("%d filters refused", refused)
	}
}
