package scenario

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// observed is when the giver of item i says that he saw it: well before the logs begin.
func (g *generator) observed(i int) time.Time {
	return g.base.AddDate(0, 0, -3-i%14).Truncate(24 * time.Hour)
}

// of lists the indicators of one file, with their place in the book.
func (g *generator) of(list string) (items []Indicator, places []int) {
	for i, ind := range g.book.indicators {
		if ind.List == list {
			items, places = append(items, ind), append(places, i)
		}
	}
	return items, places
}

// uuid is random, of version 4.
func (g *generator) uuid() string {
	h := g.text(32, hexes)
	return h[:8] + "-" + h[8:12] + "-4" + h[13:16] + "-a" + h[17:20] + "-" + h[20:]
}

func (g *generator) northLists() []File {
	return []File{g.csvList("control-servers.csv"), g.mispEvent("spear-phish.misp.json")}
}

func (g *generator) southLists() []File {
	return []File{g.stixBundle("scanners.stix.json"), g.plainList("watchlist.txt")}
}

// northToday is empty; southToday is what south learns when the day is over.
func (g *generator) northToday() []File { return nil }
func (g *generator) southToday() []File { return []File{g.csvList("todays-report.csv")} }

// csvList has the columns of the JAR-16-20296A list, and the dates that it lacks. Names are defanged, as people do.
func (g *generator) csvList(file string) File {
	var b strings.Builder
	b.WriteString("INDICATOR_VALUE,TYPE,COMMENT,ROLE,ATTACK_PHASE,OBSERVED_DATE,HANDLING,DESCRIPTION\n")
	items, places := g.of(file)
	for n, ind := range items {
		kind, value := "IPV4ADDR", ind.Value
		switch ind.Type {
		case "domain-name":
			kind, value = "FQDN", strings.Replace(value, ".", "[.]", 1)
		case "url":
			kind, value = "URL", "hxxp://"+value
		}
		fmt.Fprintf(&b, "%s,%s,,C2,C2,%s,TLP:GREEN,%q\n", value, kind, g.observed(places[n]).Format(time.DateOnly), ind.Note)
	}
	return File{Name: file, Data: []byte(b.String()), Early: b.Len()}
}

// plainList is one value to a line: no dates, so the gate holds all of it.
func (g *generator) plainList(file string) File {
	b := "# collected over the years, origin unknown\n\n"
	items, _ := g.of(file)
	for _, ind := range items {
		b += ind.Value + "\n"
	}
	return File{Name: file, Data: []byte(b), Early: len(b)}
}

func (g *generator) mispEvent(file string) File {
	type attribute struct {
		UUID      string `json:"uuid"`
		Type      string `json:"type"`
		Category  string `json:"category"`
		Value     string `json:"value"`
		Comment   string `json:"comment"`
		ToIDs     bool   `json:"to_ids"`
		Timestamp string `json:"timestamp"`
		FirstSeen string `json:"first_seen"`
		Deleted   bool   `json:"deleted"`
	}
	names := map[string][2]string{
		"sha256":    {"filename|sha256", "Payload delivery"},
		"md5":       {"md5", "Payload delivery"},
		"ipv6-addr": {"ip-dst", "Network activity"}, "email-addr": {"email-src", "Payload delivery"},
	}
	var attributes []attribute
	items, places := g.of(file)
	for n, ind := range items {
		at, as := g.observed(places[n]), names[ind.Type]
		value := ind.Value
		if ind.Type == "sha256" {
			value = "ballot-update.docm|" + value
		}
		attributes = append(attributes, attribute{
			UUID: g.uuid(), Type: as[0], Category: as[1], Value: value, Comment: ind.Note, ToIDs: true,
			Timestamp: fmt.Sprint(at.Unix()), FirstSeen: at.Format("2006-01-02T15:04:05.000000-07:00"),
		})
	}
	day := g.observed(3)
	return jsonFile(file, map[string]any{"Event": map[string]any{
		"uuid": g.uuid(), "info": "Spear-phish against election offices", "date": day.Format(time.DateOnly), "published": true,
		"timestamp": fmt.Sprint(day.Unix()), "threat_level_id": "2", "analysis": "2", "distribution": "0",
		"Orgc": map[string]any{"name": "north", "uuid": g.uuid()}, "Attribute": attributes, "Object": []any{},
		"Tag": []any{map[string]any{"name": "tlp:amber"}},
	}})
}

// stixBundle has one indicator object for each item, but for two in one pattern, and one whose pattern is
// no plain comparison, which an importer of indicators does not read.
func (g *generator) stixBundle(file string) File {
	items, places := g.of(file)
	var objects []map[string]any
	add := func(pattern, note string, at time.Time) {
		stamp := at.Format("2006-01-02T15:04:05.000Z")
		objects = append(objects, map[string]any{
			"type": "indicator", "spec_version": "2.1", "id": "indicator--" + g.uuid(), "created": stamp, "modified": stamp,
			"name": note, "indicator_types": []string{"malicious-activity"}, "pattern": pattern, "pattern_type": "stix", "valid_from": stamp,
		})
	}
	pair := []string{scanLate, "203.0.113.92"}
	for n, ind := range items {
		at := g.observed(places[n])
		switch {
		case ind.Value == pair[0]:
			add("["+comparison(ind)+" OR "+comparison(items[n+1])+"]", "scanners", at)
		case slices.Contains(pair, ind.Value):
		default:
			add("["+comparison(ind)+"]", ind.Note, at)
		}
	}
	add("[domain-name:value = 'a.test'] FOLLOWEDBY [ipv4-addr:value = '203.0.113.18']", "not a plain comparison", g.observed(0))
	return jsonFile(file, map[string]any{"type": "bundle", "id": "bundle--" + g.uuid(), "objects": objects})
}

func comparison(ind Indicator) string {
	path, value := ind.Type+":value", ind.Value
	switch ind.Type {
	case "ipv4-net":
		path = "ipv4-addr:value"
	case "url":
		value = "http://" + value
	case "sha256":
		path = "file:hashes.'SHA-256'"
	case "domain-name":
		if value == umlautA {
			value = umlaut
		}
	}
	return path + " = '" + value + "'"
}

func jsonFile(name string, v any) File {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		panic("scenario: " + err.Error()) // maps of strings always encode
	}
	return File{Name: name, Data: b.Bytes(), Early: b.Len()}
}
