package node

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"entente/console"
	"entente/election/inventory"
	"entente/election/roll"
	"entente/internal/sqlite"
)

const (
	rollsDir    = "rolls" // what is kept of rolls: counts and keyed digests, one file a site
	rollKeyFile = "office.key"
	rollHistory = 256 << 20 // bytes of a file of days
	sealedRoll  = "roll root"
	subjectRoll = "roll"
	rollsShown  = 60 // days
)

// rolling reads the declared exports of voter rolls, a day after the other. No
// voter is kept: counts, keyed digests and roots are.
type rolling struct {
	at     *tending
	keying sync.Mutex // one making of the secret at a time

	mu    sync.Mutex           // guards sites; never held while a file is read
	sites map[string]*rollSite // by name
}

// rollSite is one registration site's exports. There is one look at a time; it alone
// changes what is here.
type rollSite struct {
	read  bool
	still stillness // of the exports, as the list declares them
	told  int       // of days: those whose alarms are incidents

	mu      sync.Mutex        // guards what follows against screens
	days    []rollDay         // oldest first
	files   map[string]string // path by day
	trouble []console.GuardFile
}

// wrong says what is wrong; nothing, if nothing is.
func (at *rollSite) wrong(trouble ...console.GuardFile) {
	at.mu.Lock()
	defer at.mu.Unlock()
	at.trouble = trouble
}

// also says what is wrong beside what was said.
func (at *rollSite) also(name string, why error) {
	at.wrong(append(slices.Clone(at.trouble), console.GuardFile{Name: name, Detail: why.Error()})...)
}

// rollDay is what is kept of an export.
type rollDay struct {
	Header roll.Header `json:"header"`
	Since  string      `json:"since,omitempty"` // the day of the export before, that changes are counted from
	Day    *roll.Day   `json:"day,omitempty"`   // nil for the first
}

// look reads the exports that are new.
func (r *rolling) look(ctx context.Context, n *Node) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := make(map[string]*rollSite)
	for _, s := range n.guarded.get().Registration {
		if len(s.Exports) == 0 {
			continue
		}
		at := r.sites[s.Name]
		if at == nil {
			at = &rollSite{}
		}
		now[s.Name] = at
		r.at.start(ctx, n, s.Name, func(ctx context.Context) error {
			err := at.look(ctx, n, s)
			if why := whyEnded(ctx, err); passing(why) {
				at.still.read = "" // looked at anew, and found well
				at.wrong(console.GuardFile{Name: s.Name, Detail: why.Error()})
				return nil
			}
			return err
		})
	}
	r.sites = now
}

func (r *rolling) site(name string) *rollSite {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.sites[name]
}

func (at *rollSite) look(ctx context.Context, n *Node, s inventory.Site) error {
	if !at.read {
		days, err := readDays(n.rollFile(s))
		if err != nil {
			at.wrong(console.GuardFile{Name: s.Name, Detail: err.Error()})
			return nil //nolint:nilerr // told on the screen; what is kept is not overwritten
		}
		at.mu.Lock()
		at.days = days
		at.mu.Unlock()
		at.read, at.told = true, max(0, len(days)-1) // a kill may have come before the alarms of the last
	}
	if err := at.tell(ctx, n, s); err != nil {
		return err
	}
	stamp, err := n.guards.rollStamp(ctx, s)
	if err != nil || !at.still.due(stamp) {
		return err
	}
	files, odd, err := n.guards.exportsOf(ctx, s)
	if err != nil {
		return err
	}
	at.mu.Lock()
	at.files, at.trouble = files, odd
	at.mu.Unlock()
	return at.take(ctx, n, s, stamp)
}

// rollStamp is how a site's exports are declared and lie.
func (g *guards) rollStamp(ctx context.Context, s inventory.Site) (string, error) {
	how, err := json.Marshal(s)
	if err != nil {
		return "", err
	}
	stamp, err := g.stamps(ctx, s.Exports...)
	return string(how) + stamp, err
}

// take reads the days that are new in exports with this stamp. Of exports that are
// others when they are read than when they were looked at, it keeps nothing. What ends
// it early leaves them to be read again: when there is room, or a file answers.
func (at *rollSite) take(ctx context.Context, n *Node, s inventory.Site, stamp string) error {
	last := ""
	if k := len(at.days); k > 0 {
		last = at.days[k-1].Header.Day
	}
	days := slices.Sorted(maps.Keys(at.files))
	office, err := n.office(ctx, s)
	if err != nil {
		if passing(err) || ctx.Err() != nil {
			return err
		}
		at.still.read = stamp
		at.also(s.Name, err)
		return nil
	}
	for i, day := range days {
		if day <= last {
			continue
		}
		before := ""
		if i > 0 {
			before = days[i-1]
		}
		d, err := at.judge(ctx, n.guards, office, s, before, day)
		if passing(err) || ctx.Err() != nil {
			return errors.Join(err, ctx.Err())
		}
		if now, bad := n.guards.rollStamp(ctx, s); now != stamp || bad != nil {
			return bad // somebody writes: they are read when they lie still
		}
		if err != nil {
			at.still.read = stamp
			at.also(filepath.Base(at.files[day]), err)
			return nil // later days are compared with this one when it can be read
		}
		err = keepRollDay(n.rollFile(s), d, rollHistory)
		if errors.Is(err, errRollsFull) {
			at.wrong(slices.Compact(append(slices.Clone(at.trouble), console.GuardFile{Name: s.Name, Detail: err.Error()}))...)
		} else if err != nil {
			return err
		}
		at.mu.Lock()
		at.days = append(at.days, d)
		at.mu.Unlock()
		if err := at.tell(ctx, n, s); err != nil {
			return err
		}
		n.changes.watch()
	}
	at.still.read = stamp
	return nil
}

// tell makes incidents of the alarms of days that are kept, and were not told yet.
func (at *rollSite) tell(ctx context.Context, n *Node, s inventory.Site) error {
	for at.told < len(at.days) {
		if err := n.raiseRoll(ctx, s, at.days[at.told]); err != nil {
			return err
		}
		at.told++
	}
	return nil
}

// judge reads an export, and compares it with the one before.
func (at *rollSite) judge(ctx context.Context, g *guards, o roll.Office, s inventory.Site, before, day string) (rollDay, error) {
	if before == "" {
		got, err := o.Read(ctx, g.exportOf(ctx, s, at.files[day], day))
		if err != nil {
			return rollDay{}, err
		}
		return rollDay{Header: got.Header}, nil
	}
	c, err := o.Compare(ctx, g.exportOf(ctx, s, at.files[before], before), g.exportOf(ctx, s, at.files[day], day))
	if err != nil {
		return rollDay{}, err
	}
	w := roll.Watch{}
	if s.Roll != nil {
		w.Allowed, w.Shared = s.Roll.Allowed, s.Roll.Shared
		for _, id := range s.Roll.Canaries {
			w.Canaries = append(w.Canaries, strings.ReplaceAll(strings.ToUpper(id), "/", roll.Part))
		}
		w.Election, _ = time.Parse(time.DateOnly, s.Roll.Election) // checked with the list
	}
	var history []roll.Day
	for _, d := range at.days {
		if d.Day != nil {
			history = append(history, *d.Day)
		}
	}
	judged := c.Judge(o, w, history)
	for i, a := range judged.Alarms {
		if a.Kind == roll.OneName {
			judged.Alarms[i].Group = "" // a surname stays in the export
		}
	}
	return rollDay{Header: c.New.Header, Since: before, Day: &judged}, nil
}

// exportsOf are the exports of a site by the day in their names; of one day the
// one with the last name.
func (g *guards) exportsOf(ctx context.Context, s inventory.Site) (files map[string]string, odd []console.GuardFile, err error) {
	files = make(map[string]string)
	add := func(path string) {
		if day := roll.DayOf(filepath.Base(path)); day != "" {
			files[day] = max(files[day], path)
		}
	}
	for _, path := range s.Exports {
		entries, folder, err := g.inside(ctx, path)
		switch {
		case err != nil && (passing(err) || ctx.Err() != nil):
			return nil, nil, err
		case err != nil:
			odd = append(odd, console.GuardFile{Name: filepath.Base(path), Detail: err.Error()})
		case !folder:
			add(path)
		}
		for _, e := range entries[:min(len(entries), guardFiles)] {
			if e.Type().IsRegular() {
				add(filepath.Join(path, e.Name()))
			}
		}
	}
	return files, odd, nil
}

func (g *guards) exportOf(ctx context.Context, s inventory.Site, path, day string) roll.Source {
	src := roll.Source{Name: filepath.Base(path), Day: day, Open: func() (io.ReadCloser, error) {
		return g.open(ctx, path)
	}}
	if s.Roll != nil {
		src.Columns = s.Roll.Columns
	}
	return src
}

// office is who reads a site's exports. A secret that the list does not name is
// the node's own, made when it is first needed.
func (n *Node) office(ctx context.Context, s inventory.Site) (roll.Office, error) {
	o, path := roll.Office{Jurisdiction: s.Name}, filepath.Join(n.cfg.Dir, rollsDir, rollKeyFile)
	if s.Roll != nil {
		o.Jurisdiction, o.Broken = cmp.Or(s.Roll.Place, s.Name), s.Roll.Broken
		path = cmp.Or(s.Roll.Key, path)
	}
	if s.Roll == nil || s.Roll.Key == "" {
		n.guards.rolls.keying.Lock()
		defer n.guards.rolls.keying.Unlock()
	}
	data, err := n.guards.read(ctx, path, 1024)
	if errors.Is(err, fs.ErrNotExist) && (s.Roll == nil || s.Roll.Key == "") {
		if _, err := rand.Read(o.Key[:]); err != nil {
			return o, err
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return o, err
		}
		return o, replaceFile(path, o.Key.File())
	}
	if err != nil {
		return o, fmt.Errorf("the office's secret: %w", err)
	}
	o.Key, err = roll.ParseKey(data)
	return o, err
}

func (n *Node) rollFile(s inventory.Site) string {
	sum := sha256.Sum256([]byte(s.Name))
	return filepath.Join(n.cfg.Dir, rollsDir, fmt.Sprintf("%x.days", sum[:8]))
}

// readDays reads what is kept; a last line that was cut short is left out, and its
// day is read again.
func readDays(path string) (out []rollDay, err error) {
	data, err := readWhole(path, rollHistory)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	lines := bytes.SplitAfter(data, []byte("\n"))
	for i, line := range lines {
		if !bytes.HasSuffix(line, []byte("\n")) {
			break
		}
		var d rollDay
		if err := json.Unmarshal(line, &d); err != nil {
			return nil, fmt.Errorf("%s: line %d: %w", filepath.Base(path), i+1, err)
		}
		out = append(out, d)
	}
	return out, nil
}

// errRollsFull stops no alarm: such a day is judged, and judged again after a start.
var errRollsFull = errors.New("the days that are kept would be too long to be read again")

// keepRollDay adds a day to a file of so many bytes at most.
func keepRollDay(path string, d rollDay, most int64) error {
	line, err := json.Marshal(d)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	old, err := readWhole(path, most)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if i := bytes.LastIndexByte(old, '\n'); i+1 < len(old) {
		old = old[:i+1]
	}
	if int64(len(old)+len(line)+1) > most {
		return errRollsFull
	}
	return replaceFile(path, append(old, append(line, '\n')...))
}

// raiseRoll makes incidents of a day's alarms. Done twice, it makes no second one.
func (n *Node) raiseRoll(ctx context.Context, s inventory.Site, d rollDay) error {
	if d.Day == nil || len(d.Day.Alarms) == 0 {
		return nil
	}
	day, err := time.Parse(time.DateOnly, d.Header.Day)
	if err != nil {
		return err
	}
	sum := sha256.Sum256([]byte(s.Name))
	origin := electionRule + subjectRoll + "/" + fmt.Sprintf("%x", sum[:8])
	var hits []sqlite.Hit
	for i, a := range d.Day.Alarms[:min(len(d.Day.Alarms), maxAlarms)] {
		says := rollSays(a)
		hits = append(hits, sqlite.Hit{
			Source: subjectRoll + " " + s.Name, Line: day.Unix() / 86400, Key: sqlite.Key{Origin: origin, Index: uint64(day.Unix() / 86400), Item: i}, Path: d.Header.Day, Rule: a.Kind, Field: a.Measure,
			Seen: says, Type: subjectRoll, Value: a.Kind, Raw: []byte(says), Dataset: subjectRoll, EventTime: day.UnixMilli(), Asset: s.Name,
			Title: "Voter roll: " + a.Kind, Level: rollLevel(a.Kind), Stored: n.opt.Now().UnixMilli(),
		})
	}
	if err := n.watch.StoreHunt(ctx, hits); err != nil {
		return err
	}
	n.logger.Warn("voter roll", "site", s.Name, "day", d.Header.Day, "alarms", len(d.Day.Alarms))
	n.changes.watch()
	return nil
}

// rollSays is an alarm in counts, without a voter.
func rollSays(a roll.Alarm) string {
	says := fmt.Sprintf("%s: %d", a.Kind, a.Count)
	if a.Precinct != "" {
		says += " in precinct " + roll.Show(a.Precinct)
	}
	if a.Measure != "" {
		says += ", " + a.Measure
	}
	if a.Usual > 0 {
		says += fmt.Sprintf(", usual %.1f", a.Usual)
	}
	return says
}

func rollLevel(kind string) string {
	if kind == roll.Canary || kind == roll.Burst || kind == roll.Mass {
		return "high"
	}
	return "medium"
}
