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
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"entente/api"
	"entente/console"
	"entente/election/inventory"
	"entente/election/roll"
	"entente/internal/regular"
	"entente/internal/sqlite"
	"entente/statement"
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
	job
	sites map[string]*rollSite // by name
}

// rollSite is one registration site's exports.
type rollSite struct {
	days    []rollDay // oldest first
	told    int       // of days: those whose alarms are incidents
	read    bool
	files   map[string]string // path by day
	still   stillness         // of the exports, as the list declares them
	trouble []console.GuardFile
}

// rollDay is what is kept of an export.
type rollDay struct {
	Header roll.Header `json:"header"`
	Since  string      `json:"since,omitempty"` // the day of the export before, that changes are counted from
	Day    *roll.Day   `json:"day,omitempty"`   // nil for the first
}

// look reads the exports that are new.
func (r *rolling) look(ctx context.Context, n *Node) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.sites == nil {
		r.sites = make(map[string]*rollSite)
	}
	now := make(map[string]bool)
	var failed error
	for _, s := range n.guarded.get().Registration {
		if len(s.Exports) == 0 {
			continue
		}
		now[s.Name] = true
		if err := n.survived(r.site(ctx, n, s)); err != nil {
			failed = errors.Join(failed, err)
		}
	}
	for name := range r.sites {
		if !now[name] {
			delete(r.sites, name)
		}
	}
	return failed
}

func (r *rolling) site(ctx context.Context, n *Node, s inventory.Site) error {
	at := r.sites[s.Name]
	if at == nil {
		at = &rollSite{}
		r.sites[s.Name] = at
	}
	if !at.read {
		var err error
		if at.days, err = readDays(n.rollFile(s)); err != nil {
			at.trouble = []console.GuardFile{{Name: s.Name, Detail: err.Error()}}
			return nil //nolint:nilerr // told on the screen; what is kept is not overwritten
		}
		at.read, at.told = true, max(0, len(at.days)-1) // a kill may have come before the alarms of the last
	}
	if err := at.tell(ctx, n, s); err != nil {
		return err
	}
	stamp, err := rollStamp(s)
	if err != nil {
		return err
	}
	files, odd := exportsOf(s)
	at.files = files
	if !at.still.due(stamp) {
		return nil
	}
	at.trouble = odd
	return at.take(ctx, n, s, stamp)
}

// rollStamp is how a site's exports are declared and lie.
func rollStamp(s inventory.Site) (string, error) {
	how, err := json.Marshal(s)
	return string(how) + stamps(s.Exports...), err
}

// take reads the days that are new in exports with this stamp. Of exports that are
// others when they are read than when they were looked at, it keeps nothing.
func (at *rollSite) take(ctx context.Context, n *Node, s inventory.Site, stamp string) error {
	at.still.read = stamp
	files := at.files
	last := ""
	if k := len(at.days); k > 0 {
		last = at.days[k-1].Header.Day
	}
	days := make([]string, 0, len(files))
	for day := range files {
		days = append(days, day)
	}
	slices.Sort(days)
	office, err := n.office(s)
	if err != nil {
		at.trouble = append(at.trouble, console.GuardFile{Name: s.Name, Detail: err.Error()})
		return nil //nolint:nilerr // told on the screen
	}
	for i, day := range days {
		if day <= last {
			continue
		}
		before := ""
		if i > 0 {
			before = days[i-1]
		}
		d, err := at.judge(ctx, office, s, before, day)
		if ctx.Err() != nil {
			at.still.read = ""
			return ctx.Err()
		}
		if now, bad := rollStamp(s); now != stamp || bad != nil {
			at.still.read = "" // somebody writes: they are read when they lie still
			return bad
		}
		if err != nil {
			at.trouble = append(at.trouble, console.GuardFile{Name: filepath.Base(files[day]), Detail: err.Error()})
			return nil //nolint:nilerr // told on the screen; later days are compared with this one when it can be read
		}
		err = keepRollDay(n.rollFile(s), d, rollHistory)
		if errors.Is(err, errRollsFull) {
			at.trouble = slices.Compact(append(at.trouble, console.GuardFile{Name: s.Name, Detail: err.Error()}))
		} else if err != nil {
			at.still.read = "" // judged again when there is room
			return err
		}
		at.days = append(at.days, d)
		if err := at.tell(ctx, n, s); err != nil {
			at.still.read = ""
			return err
		}
		n.changes.watch()
	}
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
func (at *rollSite) judge(ctx context.Context, o roll.Office, s inventory.Site, before, day string) (rollDay, error) {
	if before == "" {
		got, err := o.Read(ctx, exportOf(s, at.files[day], day))
		if err != nil {
			return rollDay{}, err
		}
		return rollDay{Header: got.Header}, nil
	}
	c, err := o.Compare(ctx, exportOf(s, at.files[before], before), exportOf(s, at.files[day], day))
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
func exportsOf(s inventory.Site) (files map[string]string, odd []console.GuardFile) {
	files = make(map[string]string)
	add := func(path string) {
		if day := roll.DayOf(filepath.Base(path)); day != "" {
			files[day] = max(files[day], path)
		}
	}
	for _, path := range s.Exports {
		info, err := os.Stat(path)
		if err != nil {
			odd = append(odd, console.GuardFile{Name: filepath.Base(path), Detail: withoutPath(err).Error()})
			continue
		}
		if !info.IsDir() {
			add(path)
			continue
		}
		entries, err := os.ReadDir(path)
		if err != nil {
			odd = append(odd, console.GuardFile{Name: filepath.Base(path), Detail: withoutPath(err).Error()})
		}
		for _, e := range entries[:min(len(entries), guardFiles)] {
			if e.Type().IsRegular() {
				add(filepath.Join(path, e.Name()))
			}
		}
	}
	return files, odd
}

func exportOf(s inventory.Site, path, day string) roll.Source {
	src := roll.Source{Name: filepath.Base(path), Day: day, Open: func() (io.ReadCloser, error) {
		f, err := regular.Open(path)
		return f, withoutPath(err)
	}}
	if s.Roll != nil {
		src.Columns = s.Roll.Columns
	}
	return src
}

// office is who reads a site's exports. A secret that the list does not name is
// the node's own, made when it is first needed.
func (n *Node) office(s inventory.Site) (roll.Office, error) {
	o, path := roll.Office{Jurisdiction: s.Name}, filepath.Join(n.cfg.Dir, rollsDir, rollKeyFile)
	if s.Roll != nil {
		o.Jurisdiction, o.Broken = cmp.Or(s.Roll.Place, s.Name), s.Roll.Broken
		path = cmp.Or(s.Roll.Key, path)
	}
	data, err := readWhole(path, 1024)
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

// Rolls implements console.Guards.
func (s guardScreens) Rolls(ctx context.Context) ([]console.RollView, error) {
	if !s.own() {
		return nil, nil
	}
	seals, err := s.n.sealedAs(ctx, sealedRoll)
	if err != nil {
		return nil, err
	}
	list, r := s.n.guarded.get(), &s.n.guards.rolls
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []console.RollView
	for _, site := range list.Registration {
		at := r.sites[site.Name]
		if len(site.Exports) == 0 || at == nil {
			continue
		}
		v := console.RollView{Site: site.Name, Broken: at.trouble}
		v.Whom, _ = list.Whom("registration", site.Call)
		for _, d := range slices.Backward(at.days) {
			if len(v.Days) == rollsShown {
				v.More++
				continue
			}
			day := console.RollDay{Header: d.Header, Root: statement.Digest(d.Header.Root()), Since: d.Since}
			_, day.Here = at.files[d.Header.Day]
			if index, ok := seals[day.Root]; ok {
				day.Sealed = &console.Ref{Party: s.n.self.ID, Index: index}
			}
			if d.Day != nil {
				public := d.Day.Publish()
				day.Counts, day.Alarms = &public, d.Day.Alarms
			}
			v.Days = append(v.Days, day)
		}
		out = append(out, v)
	}
	return out, nil
}

// SealRoll implements console.Guards: the keyed root of a day goes into the own log,
// for all to witness. Nothing else of the roll does.
func (s guardScreens) SealRoll(ctx context.Context, _ console.User, site, day string) error {
	all, err := s.Rolls(ctx)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(all, func(v console.RollView) bool { return v.Site == site })
	if i < 0 {
		return console.ErrNotFound
	}
	k := slices.IndexFunc(all[i].Days, func(d console.RollDay) bool { return d.Header.Day == day })
	if k < 0 {
		return console.ErrNotFound
	}
	if d := all[i].Days[k]; d.Sealed == nil {
		name := d.Header.Jurisdiction
		if len(name) > 80 {
			name = strings.ToValidUTF8(name[:80], "")
		}
		_, err = control{s.n}.Seal(ctx, api.SealRequest{What: sealedRoll, Name: name + " " + day, Size: int64(d.Header.Voters), Digest: d.Root})
	}
	return err
}

// RollSince implements console.Guards: what is otherwise than on a named day, in
// counts that may leave the office.
func (s guardScreens) RollSince(ctx context.Context, site, since string) (console.RollDifference, error) {
	var out console.RollDifference
	if !s.own() {
		return out, console.ErrNotFound
	}
	list, r := s.n.guarded.get(), &s.n.guards.rolls
	i := slices.IndexFunc(list.Registration, func(x inventory.Site) bool { return x.Name == site })
	r.mu.Lock()
	defer r.mu.Unlock()
	at := r.sites[site]
	if i < 0 || at == nil || len(at.days) == 0 {
		return out, console.ErrNotFound
	}
	newest := at.days[len(at.days)-1].Header.Day
	if at.files[since] == "" || at.files[newest] == "" || since >= newest {
		return out, statement.Refuse(statement.CodeField, "no export of %.10s before the newest is here", since)
	}
	o, err := s.n.office(list.Registration[i])
	if err != nil {
		return out, err
	}
	c, err := o.Compare(ctx, exportOf(list.Registration[i], at.files[since], since), exportOf(list.Registration[i], at.files[newest], newest))
	if err != nil {
		return out, err
	}
	out.Old, out.New, out.Counts = c.Old.Header, c.New.Header, c.Count().Publish()
	out.Changes = make(map[string]int)
	for _, ch := range c.Changes {
		out.Changes[ch.Kind]++
	}
	return out, ctx.Err()
}
