package results

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// vote is one number of a small publication that the tests write in every format.
type vote struct {
	contest, choice, county string
	count                   int64
}

func votes(t *rapid.T) (list []vote) {
	contests := rapid.SliceOfNDistinct(rapid.StringMatching(`[A-Z][a-z]{2,8}( [A-Z][a-z]{2,6})?`), 1, 3, rapid.ID).Draw(t, "contests")
	counties := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"Adams", "BAKER", "St. Clair", "Doña Ana", "Грузино"}), 1, 4, strings.ToLower).Draw(t, "counties")
	for _, c := range contests {
		choices := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"Ann Lee", "Bo \"Ace\" Li", "José Ruiz", "Yes, again", "No", "Anna <x> & Co"}), 1, 4, rapid.ID).Draw(t, "choices")
		for _, ch := range choices {
			for _, u := range counties {
				list = append(list, vote{c, ch, u, rapid.Int64Range(0, 2_000_000).Draw(t, "n")})
			}
		}
	}
	return list
}

func quote(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }

func commas(n int64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return quote(s)
}

func writeOpen(list []vote, end string) []byte {
	var b bytes.Buffer
	b.WriteString("county,office,district,candidate,party,votes" + end)
	for _, v := range list {
		fmt.Fprintf(&b, "%s,%s,,%s,,%d%s", v.county, v.contest, quote(v.choice), v.count, end)
	}
	return b.Bytes()
}

func writeStatement(list []vote) []byte {
	var b bytes.Buffer
	b.WriteString("\xef\xbb\xbfStatement of votes\n\n\"Contest \nTitle\",\"Choice\nName\",\"Total  \nVotes\",\"County\"\n")
	for i := range list { // from the end, with thousands commas
		v := list[len(list)-1-i]
		fmt.Fprintf(&b, "%s,%s,%s,%s\r\n", quote(strings.ToUpper(v.contest)), quote(" "+v.choice), commas(v.count), v.county)
	}
	return b.Bytes()
}

var statementColumns = &Columns{Name: "test", Units: []UnitColumn{{"county", "county"}}, Contest: "contest title", Choice: "choice name", Votes: "total votes"}

// nistReport is a report as its XML and as its JSON.
func nistReport(list []vote) (asXML, asJSON []byte) {
	units, candidates := map[string]string{}, map[string]string{}
	type object = map[string]any
	var gp, people, contests []object
	text := func(s string) object {
		return object{"@type": "ElectionResults.InternationalizedText", "Text": []object{{"Language": "en", "Content": s}}}
	}
	at := map[string]int{}
	for _, v := range list {
		if units[v.county] == "" {
			units[v.county] = fmt.Sprintf("gp%d", len(units))
			gp = append(gp, object{"@id": units[v.county], "@type": "ElectionResults.ReportingUnit", "Name": v.county, "Type": "county"})
		}
		who := v.contest + v.choice
		i, ok := at[v.contest]
		if !ok {
			i = len(contests)
			at[v.contest] = i
			contests = append(contests, object{"@type": "ElectionResults.CandidateContest", "Name": v.contest, "VotesAllowed": 1, "ContestSelection": []object{}, "@id": fmt.Sprintf("con%d", i)})
		}
		sel := contests[i]["ContestSelection"].([]object)
		if candidates[who] == "" {
			candidates[who] = fmt.Sprintf("can%d", len(candidates))
			people = append(people, object{"BallotName": text(v.choice), "@id": candidates[who]})
			sel = append(sel, object{"VoteCounts": []object{}, "CandidateIds": []string{candidates[who]}, "@id": "sel" + candidates[who]})
		}
		last := sel[len(sel)-1]
		last["VoteCounts"] = append(last["VoteCounts"].([]object), object{"GpUnitId": units[v.county], "Type": "total", "Count": v.count})
		contests[i]["ContestSelection"] = sel
	}
	report := object{
		"@type": "ElectionResults.ElectionReport", "Format": "summary-contest", "Status": "certified", "GeneratedDate": "2024-11-06T00:00:00Z", "GpUnit": gp,
		"Election": []object{{"Name": text("General"), "Contest": contests, "Candidate": people, "ElectionScopeId": "none"}},
	}
	asJSON, err := json.Marshal(report)
	if err != nil {
		panic(err)
	}
	var b bytes.Buffer
	b.WriteString("<?xml version=\"1.0\"?>\n<ElectionReport xmlns=\"http://itl.nist.gov/ns/voting/1500-100/v2\">")
	writeMembers(&b, report)
	b.WriteString("</ElectionReport>")
	return b.Bytes(), asJSON
}

// writeMembers spells an object's members as XML, one element an item, sorted.
func writeMembers(b *bytes.Buffer, o map[string]any) {
	raw, _ := json.Marshal(o)
	var sorted map[string]json.RawMessage
	_ = json.Unmarshal(raw, &sorted)
	for _, k := range sortedKeys(sorted) {
		if strings.HasPrefix(k, "@") || k == "Language" {
			continue
		}
		items := []any{o[k]}
		switch v := o[k].(type) {
		case []map[string]any:
			items = nil
			for _, x := range v {
				items = append(items, x)
			}
		case []string:
			items = []any{strings.Join(v, " ")}
		}
		for _, x := range items {
			m, isObject := x.(map[string]any)
			if k == "Content" {
				_ = xml.EscapeText(b, []byte(fmt.Sprint(x)))
				continue
			}
			fmt.Fprintf(b, "<%s", k)
			if id, ok := m["@id"]; ok {
				fmt.Fprintf(b, " ObjectId=%q", id)
			}
			b.WriteString(">")
			if isObject {
				writeMembers(b, m)
			} else {
				_ = xml.EscapeText(b, []byte(fmt.Sprint(x)))
			}
			fmt.Fprintf(b, "</%s>", k)
		}
	}
}

func sortedKeys[V any](m map[string]V) (keys []string) {
	for k := range m {
		keys = append(keys, k)
	}
	for i := range keys {
		for j := i + 1; j < len(keys); j++ {
			if keys[j] < keys[i] {
				keys[i], keys[j] = keys[j], keys[i]
			}
		}
	}
	return keys
}

func read(t testing.TB, data []byte, o Options) *Table {
	t.Helper()
	table, err := Read(bytes.NewReader(data), o)
	if err != nil {
		t.Fatalf("%v\n%s", err, data)
	}
	return table
}

func root(t testing.TB, table *Table) string {
	t.Helper()
	h, err := table.Root()
	if err != nil {
		t.Fatal(err)
	}
	return h.String()
}

// TestOneRoot: one publication in five spellings has one root.
func TestOneRoot(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		list := votes(r)
		x, j := nistReport(list)
		want := ""
		for name, f := range map[string]struct {
			data []byte
			o    Options
		}{
			"nist xml": {x, Options{}}, "nist json": {j, Options{}},
			"csv lf": {writeOpen(list, "\n"), Options{}}, "csv cr": {writeOpen(list, "\r"), Options{}},
			"statement": {writeStatement(list), Options{Columns: statementColumns}},
		} {
			f.o.File, f.o.Election = name, "General"
			table := read(t, f.data, f.o)
			if len(table.Cells) != len(list) || table.Doubts != 0 {
				r.Fatalf("%s: %d cells of %d, problems %v\n%s", name, len(table.Cells), len(list), table.Problems, f.data)
			}
			got := root(t, table)
			if want == "" {
				want = got
			}
			if got != want {
				r.Fatalf("%s has another root\n%s", name, f.data)
			}
		}
	})
}
