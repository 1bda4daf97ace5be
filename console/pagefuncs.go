package console

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html/template"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"entente/accord"
)

// helpers are the functions that pages call. None returns markup: every text
// goes through html/template's own escaping.
func helpers(say *catalogue, files *files) template.FuncMap {
	return template.FuncMap{
		"t":        say.t,
		"n":        say.n,
		"num":      func(v any) phrase { n, _ := whole(v); return phrase(say.number(n)) },
		"label":    say.label,
		"knows":    say.knows,
		"forms":    say.formsOf,
		"sentence": say.sentence,
		"size":     say.size,
		"ago":      func(now, t time.Time) (phrase, error) { return say.duration(now.Sub(t)) },
		"span":     say.duration,
		"file":     files.path,
		"plain":    plain,
		"split":    func(s string) []segment { return split(s, false) },
		"lines":    func(s string) []segment { return split(s, true) },
		"hit":      splitHit,
		"utc":      func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05") },
		"day":      func(t time.Time) string { return t.UTC().Format("2006-01-02") },
		"clock":    func(t time.Time) string { return t.UTC().Format("15:04:05") },
		"within":   within,
		"iso":      func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
		"brief":    brief,
		"groups":   groups,
		"indent":   indent,
		"pairs":    pairs,
		"list":     func(v ...any) []any { return v },
		"has":      func(list []any, v any) bool { return slices.Contains(list, any(fmt.Sprint(v))) },
		"steps":    steps,
		"rank":     func(s any) int { return rank(State(fmt.Sprint(s))) },
		"bar":      bar,
		"alone":    func(u User) bool { return len(u.Roles) == 1 && string(u.Roles[0]) == u.Name },
		"detail":   say.detail,
		"cat":      func(parts ...string) string { return strings.Join(parts, "") },
		"stmt":     stmtPath,
		"nth":      func(i int) int { return i + 1 }, // people count from one

		"marks":    slices.Contains[[]string],
		"marked":   func(list []uint64, n uint64) bool { return slices.Contains(list, n) },
		"tongue":   func(t accord.Texts) string { return t.In(say.lang) },
		"unix":     unix,
		"act":      accordPath,
		"hasRole":  func(list []string, s string) bool { return slices.Contains(list, s) },
		"seconds":  func(n int64) time.Duration { return time.Duration(n) * time.Second },
		"wordings": wordings,
		"casePath": casePath,
		"partName": say.partName,
		"refOf":    refOf,
		"cell":     cellName,
		"risk":     riskWord,
		"decimal":  func(f float64) string { return strconv.FormatFloat(f, 'f', 1, 64) },

		"chance": chanceWord,

		"roll_notice": rollNotice,

		"ruleField": ruleField,
		"outcome":   say.outcome,
		"amount":    amount,
		"judged":    say.judged,
		"joint":     say.joint,
		"unseen":    say.unseen,

		"dissented": say.dissented,

		"hours":   func(d time.Duration) int64 { return int64(d / time.Hour) },
		"text":    func(b []byte) string { return string(b) },
		"when_ms": func(ms int64) time.Time { return time.UnixMilli(ms) },

		"unbounded": unbounded,

		"plotDays": plotDays, "plotHours": plotHours,
	}
}

// within says that a path belongs to a screen: what crosses is part of the record.
func within(screen, path string) bool {
	if strings.HasPrefix(path, screen+"/") {
		return true
	}
	first, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	switch screen {
	case "/accord":
		return slices.Contains([]string{"drafts", "officers", "conduct", "writing", "match"}, first)
	case "/election":
		return first == "guard"
	case "/record":
		return slices.Contains([]string{"crossed", "objects", "share"}, first)
	}
	return false
}

// brief shortens a digest to what tells two apart at a glance.
func brief(s string) string {
	if !isHex(s) || len(s) <= 16 {
		return plain(s)
	}
	return s[:8] + "…" + s[len(s)-4:]
}

// groups sets a digest in groups of eight so that people can compare it.
func groups(s string) []string {
	if !isHex(s) {
		return []string{plain(s)}
	}
	var out []string
	for len(s) > 8 && len(out) < 32 {
		out = append(out, s[:8])
		s = s[8:]
	}
	return append(out, s)
}

// isHex reports whether s is what a digest is made of.
func isHex(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return (r < '0' || r > '9') && (r < 'a' || r > 'f') })
}

// indent sets JSON for reading; bytes that are no JSON stand as they are.
func indent(raw []byte) string {
	var b bytes.Buffer
	if err := json.Indent(&b, raw, "", "  "); err != nil {
		return string(raw)
	}
	return b.String()
}

// pairs makes a map for a template that takes several values.
func pairs(kv ...any) map[string]any {
	m := map[string]any{}
	for i := 0; i+1 < len(kv); i += 2 {
		if name, ok := kv[i].(string); ok {
			m[name] = kv[i+1]
		}
	}
	return m
}

// stmtPath is the page of a statement.
func stmtPath(party string, index uint64) string {
	return "/record/" + url.PathEscape(party) + "/" + strconv.FormatUint(index, 10)
}

// step is one of the four words on a statement's way.
type step struct {
	State State
	Done  bool
	Time  time.Time
}

func steps(p Progress) []step {
	at := []time.Time{p.Logged, p.Witnessed, p.Held, p.Acknowledged}
	out := make([]step, 0, len(at))
	for i, s := range fourWords() {
		out = append(out, step{s, rank(p.State) > i, at[i]})
	}
	return out
}

func fourWords() []State {
	return []State{StateLogged, StateWitnessed, StateHeld, StateAcknowledged}
}

// rank is how many of the four words a state has reached.
func rank(s State) int { return slices.Index(fourWords(), s) + 1 }

// share is one piece of a bar that is 1000 units long.
type share struct {
	Name string
	X, W uint64
}

// bar sets the four shares of a ledger side by side; a share that is there is
// never thinner than it can be seen.
func bar(l Ledger) []share {
	shares := []struct {
		name string
		n    uint64
	}{{"matched", l.Matched}, {"clean", l.Clean}, {"unparsed", l.Unparsed}, {"dropped", l.Dropped}}
	total := l.Matched + l.Clean + l.Unparsed + l.Dropped
	if total == 0 {
		return nil
	}
	var out []share
	var x uint64
	for _, s := range shares {
		if s.n == 0 {
			continue
		}
		w := max(8, uint64(float64(s.n)/float64(total)*1000))
		w = min(w, 1000-min(x, 1000))
		out = append(out, share{s.name, x, w})
		x += w
	}
	return out
}
