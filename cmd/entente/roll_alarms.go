package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"entente/election/roll"
)

func rollAlarms(ctx context.Context, e *env, f *rollFlags, args []string) error {
	f.withReading()
	var canaries, allowed texts
	f.Var(&canaries, "canary", "")
	f.Var(&allowed, "allowed", "")
	file, election, shared := f.String("history", "", ""), f.String("election", "", ""), f.Int("shared", 0, "")
	files, err := f.parse(args)
	if err != nil {
		return err
	}
	switch {
	case *file == "":
		return usagef("--history: in which file are the days before kept?")
	case len(files) != 2:
		return usagef("which two exports? OLD NEW")
	case *shared < 0 || *shared == 1:
		return usagef("--shared: how many voters come to one address? 2 or more")
	case (*election == "") != (len(allowed) == 0):
		return usagef("--election DATE and --allowed REASON judge removals together")
	}
	w := roll.Watch{Shared: *shared, Allowed: allowed}
	for _, id := range canaries {
		w.Canaries = append(w.Canaries, voterID(id))
	}
	if *election != "" {
		if w.Election, err = time.Parse(time.DateOnly, *election); err != nil {
			return usagef("--election: %q is no YYYY-MM-DD", *election)
		}
	}
	history, err := readHistory(*file)
	if err != nil {
		return err
	}
	o, all, err := f.exports(e, files)
	if err != nil {
		return err
	}
	c, err := o.Compare(ctx, all[0], all[1])
	if err != nil {
		return rollError(err)
	}
	tellRoll(e, c.New)
	day := c.Judge(o, w, before(history, c.New.Day))
	if err := keepDay(*file, history, day); err != nil {
		return err
	}
	return tellAlarms(e, c, day, len(before(history, c.New.Day)), *f.asJSON)
}

// voterID is an id as exports have it.
func voterID(s string) string {
	return strings.ReplaceAll(strings.ToUpper(s), "/", roll.Part)
}

// before are the days before one.
func before(history []roll.Day, day string) []roll.Day {
	i := slices.IndexFunc(history, func(d roll.Day) bool { return d.Day >= day })
	if i < 0 {
		return history
	}
	return history[:i]
}

// historyLimit is the most that is read of a file of days: some ten years of a large county.
const historyLimit = 256 << 20

// readHistory reads the days that were kept, oldest first; none where there is no file.
func readHistory(path string) (out []roll.Day, err error) {
	data, err := readFile(path, historyLimit)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	r := bufio.NewScanner(bytes.NewReader(data))
	r.Buffer(nil, historyLimit)
	for n := 1; r.Scan(); n++ {
		var d roll.Day
		dec := json.NewDecoder(bytes.NewReader(r.Bytes()))
		dec.DisallowUnknownFields()
		err := dec.Decode(&d)
		if _, bad := time.Parse(time.DateOnly, d.Day); err == nil {
			err = bad
		}
		if err == nil && len(out) > 0 && out[len(out)-1].Day >= d.Day {
			err = fmt.Errorf("the day %s behind %s", d.Day, out[len(out)-1].Day)
		}
		if err != nil {
			return nil, hint(fmt.Errorf("%s: line %d: %w", path, n, err), "a line cut short at the end may be removed; that day is judged again by the same exports")
		}
		out = append(out, d)
	}
	return out, r.Err()
}

// keepDay appends a day, unless that day or a later one is there.
func keepDay(path string, history []roll.Day, d roll.Day) error {
	if n := len(history); n > 0 && history[n-1].Day >= d.Day {
		return nil
	}
	line, err := json.Marshal(d)
	if err != nil {
		return err
	}
	out, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return unwrapPath(err)
	}
	_, err = out.Write(append(line, '\n'))
	return errors.Join(err, out.Sync(), out.Close())
}

// alarmed is what alarms prints as JSON.
type alarmed struct {
	Day     string       `json:"day"`
	Voters  int          `json:"voters"`
	Learned int          `json:"learned"` // days before
	Alarms  []roll.Alarm `json:"alarms"`
}

func tellAlarms(e *env, c *roll.Comparison, d roll.Day, learned int, asJSON bool) error {
	if asJSON {
		if err := e.json(alarmed{d.Day, d.Voters, learned, append([]roll.Alarm{}, d.Alarms...)}); err != nil {
			return err
		}
	} else {
		e.printf("%s, %s of %s: %s\n", d.Day, counted(d.Voters, "voter", "voters"), c.New.Jurisdiction, counted(len(d.Alarms), "alarm", "alarms"))
		for _, a := range d.Alarms {
			e.printf("%s\n", alarmInWords(a))
			e.printf("  means  %s\n", alarmMeans[a.Kind])
		}
		if len(d.Alarms) > 0 {
			e.printf("says not: who did it, or that it was not asked for. Look at the changes: entente roll compare --list\n")
		}
		if learned < 14 {
			e.note("%s learned from; rates are judged from 7 on, and well from 14 on", counted(learned, "day", "days"))
		}
	}
	if len(d.Alarms) > 0 {
		return errShown
	}
	return nil
}

func alarmInWords(a roll.Alarm) string {
	where := "the county"
	if a.Precinct != "" {
		where = "precinct " + roll.Show(a.Precinct)
	}
	usual := ""
	if a.Chance > 0 {
		usual = fmt.Sprintf(", usual are %.1f; chance of so many %s", a.Usual, chanceInWords(a.Chance))
	}
	switch a.Kind {
	case roll.Burst, roll.Mass:
		return fmt.Sprintf("%s: %d %s in %s%s", a.Kind, a.Count, a.Measure, where, usual)
	case roll.Concentration:
		return fmt.Sprintf("%s: %d of those %s are %s%s", a.Kind, a.Count, a.Measure, a.Group, usual)
	case roll.OneName:
		return fmt.Sprintf("%s: %d changes of voters called %s%s", a.Kind, a.Count, a.Group, usual)
	case roll.SharedPlace:
		return fmt.Sprintf("%s: %d voters came to have one %s within 30 days", a.Kind, a.Count, a.Group)
	case roll.Canary:
		return fmt.Sprintf("%s: the planted voter %s is %s", a.Kind, strings.ReplaceAll(a.Group, roll.Part, "/"), a.Measure)
	case roll.Returned:
		return fmt.Sprintf("%s: %d added voters were removed within 30 days", a.Kind, a.Count)
	case roll.RunOfIDs:
		return fmt.Sprintf("%s: %d voters with ids in a row changed or are gone", a.Kind, a.Count)
	}
	return fmt.Sprintf("%s: %d %s for other reasons than allowed", a.Kind, a.Count, a.Measure)
}

func chanceInWords(p float64) string {
	if p < 1e-12 {
		return "below 1e-12"
	}
	return fmt.Sprintf("%.0e", p)
}

// alarmMeans says what an alarm can be, the harmless first.
var alarmMeans = map[string]string{
	roll.Burst:         "a drive, a moved precinct line or a batch of mail; or somebody edits this precinct. Ask who entered them, and call three of the voters",
	roll.Mass:          "a list was worked through, or a batch came in; or a program edits the roll. Ask whether somebody ran one",
	roll.Concentration: "a party's own drive, or a school; or somebody chose whom to edit. Compare with the forms that came in",
	roll.OneName:       "a large family; or edits sorted by name",
	roll.SharedPlace:   "a home, a shelter or a dormitory; or ballots are led to one letter box. Look who has it",
	roll.Returned:      "a mistake that was mended; ask whether the voters knew",
	roll.RunOfIDs:      "voters entered together once; or a program counts through ids",
	roll.QuietPeriod:   "removals by programs rest in the ninety days before a federal election (52 USC 20507(c)(2)); ask on what ground each stands",
	roll.Canary:        "nobody has a reason to touch this record: somebody works through the roll without looking at forms",
}
