package hostile

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"entente/record"
	"entente/statement"
	"entente/watch/indicator"
)

// oracle lists the party's own servers as indicators and watches what the
// victim does: anything that depends on a match would tell which were noticed.
func oracle(ctx context.Context, s *Stand) error {
	if err := s.begin(ctx, 1); err != nil {
		return err
	}
	var items []indicator.Item
	for n := range 20 {
		items = append(items, indicator.Item{Type: "ipv4-addr", Value: fmt.Sprintf("198.51.100.%d", 100+n), Observed: "2016-10-01", Note: "seen with us"})
	}
	part, err := indicator.List{Items: items}.Marshal()
	if err != nil {
		return err
	}
	index, err := s.Say(s.Main, Words{
		Kind: indicator.KindList, To: []string{s.Victim}, Marking: "TLP:AMBER", Parts: [][]byte{part},
		Body: indicator.ListBody{Name: "our own servers", Basis: indicator.BasisObserved, Count: len(items), Sheet: 1, Sheets: 1},
	})
	if err != nil {
		return err
	}
	if err := s.show(s.Main); err != nil {
		return err
	}
	if err := s.judged(ctx, "the list", index); err != nil {
		return err
	}
	// What else comes, comes within a few of the victim's intervals.
	quiet := time.Now()
	size := s.read[s.Victim]
	err = s.until(ctx, "the victim to be quiet", func() (bool, error) {
		err := s.listen(ctx, s.Victim)
		if s.read[s.Victim] != size {
			size, quiet = s.read[s.Victim], time.Now()
		}
		return time.Since(quiet) > 3*time.Second, err
	})
	if err != nil {
		return err
	}
	s.say("%s", s.seen())
	return nil
}

// seen says all that the party can see of the victim's log: which kinds were
// said, how often, and how many leaves it cannot read. How often the record
// speaks of itself depends on the clock alone and is left out.
func (s *Stand) seen() string {
	count := make(map[statement.Kind]int)
	for _, h := range s.acts[s.Victim] {
		count[h.Act.Kind]++
	}
	var lines []string
	for k, n := range count {
		if k == record.KindAck || k == record.KindHeads || k == record.KindRefusal {
			lines = append(lines, string(k))
			continue
		}
		lines = append(lines, fmt.Sprintf("%s %d", k, n))
	}
	slices.Sort(lines)
	return fmt.Sprintf("seen: %s, unreadable %d", strings.Join(lines, ", "), int(s.read[s.Victim])-len(s.acts[s.Victim]))
}

// counted says whether the victim has recorded a refusal of this party.
func (s *Stand) counted(code statement.Code) bool { return s.countedOf(s.Self.ID, code) }

func (s *Stand) countedOf(party string, code statement.Code) bool {
	for _, h := range s.acts[s.Victim] {
		var b record.RefusalBody
		if h.Act.Kind != record.KindRefusal || json.Unmarshal(h.Act.Body, &b) != nil {
			continue
		}
		if slices.ContainsFunc(b.Items, func(i record.RefusalItem) bool { return i.Party == party && i.Code == code }) {
			return true
		}
	}
	return false
}
