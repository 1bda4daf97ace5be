package main

import (
	"bytes"
	"context"
	crand "crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"entente/api"
	"entente/charter"
	"entente/internal/keyfile"
	"entente/node"
	"entente/node/hostile"
	"entente/record"
)

// mallory is the program of that name in the stories attack_*.txtar: a process
// of its own with a signer of its own, built on node/hostile. Its verbs:
//
//	unit [--budget N] [--more NAME]    folders of north, south and observer with a charter in force
//	attack NAME [--as DIR] [--on ID]   one attack of the catalogue; prints how the victim took it
//	quiet DIR...                       waits until honest nodes have nothing left to say
//	digest DIR                         prints the state that no attack may change
//	recorded DIR PARTY CODE            waits until a refusal is counted in the status and proved by a
//	                                   refusal/v1 statement, verified offline from the charter alone
//	copies MODE DIR...                 prints the values of the newest list that each folder was given: the
//	                                   whole, or the union, intersection or a mixture of two
//	look NAME FILE                     appends to an access log that somebody came from a page of NAME
//	tell FILE [--media M]              says the objects of a file without asking whether it may
//	alter BUNDLE CLASS                 changes one thing of a proof file: byte, time or marking
//	bytes DIR CLASS                    changes one byte of a class in a log folder
func mallory() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, 60*time.Second)
	defer cancel()
	verbs := map[string]func(context.Context, []string) error{
		"unit": malloryUnit, "attack": malloryAttack, "quiet": malloryQuiet, "digest": malloryDigest,
		"recorded": malloryRecorded, "bytes": malloryBytes, "copies": malloryCopies, "look": malloryLook, "tell": malloryTell, "alter": malloryAlter,
	}
	err := errors.New("usage: mallory VERB")
	if len(os.Args) > 1 && verbs[os.Args[1]] != nil {
		err = verbs[os.Args[1]](ctx, os.Args[2:])
	}
	if err != nil && context.Cause(ctx) != context.Canceled {
		fmt.Fprintln(os.Stderr, "mallory:", err)
		os.Exit(1)
	}
}

// malloryUnit makes what ten commands of first_held.txtar make.
func malloryUnit(_ context.Context, args []string) error {
	f := flag.NewFlagSet("unit", flag.ContinueOnError)
	budget := f.Int64("budget", 0, "objects a day")
	witnesses := f.Int("witnesses", 0, "quorum")
	more := f.String("more", "", "another party")
	if err := f.Parse(args); err != nil {
		return err
	}
	var cards []charter.Card
	keys := make(map[string]*keyfile.Keys)
	names := parties()
	if *more != "" {
		names = append(names, *more)
	}
	for i, name := range names {
		role := charter.RoleParty
		if name == observer {
			role = charter.RoleObserver
		}
		k, err := keyfile.Generate(crand.Reader, name)
		if err != nil {
			return err
		}
		if err := node.Init(node.Config{Dir: name}, k, nil); err != nil {
			return err
		}
		address, err := unusedPort(i)
		if err != nil {
			return err
		}
		card, err := k.Card(name, role, address)
		if err != nil {
			return err
		}
		cards, keys[name] = append(cards, card), k
		if err := os.WriteFile(filepath.Join(name, "config.yaml"), []byte("console: \"off\"\n"), 0o600); err != nil {
			return err
		}
	}
	terms := charter.DefaultTerms("Joint unit", len(cards), time.Now().Add(-time.Second))
	terms.Intervals = charter.Intervals{HeartbeatSeconds: 1, AckSeconds: 1, HeadsSeconds: 1, StaleAfterMissed: 3}
	if *budget > 0 {
		terms.Budgets.ObjectsPerDay = *budget
	}
	if *witnesses > 0 {
		terms.Quorum.Witnesses = *witnesses
	}
	return sign(cards, terms, keys)
}

func sign(cards []charter.Card, terms charter.Terms, keys map[string]*keyfile.Keys) error {
	text, err := charter.Propose(cards, terms)
	if err != nil {
		return err
	}
	c, err := charter.Parse(text)
	if err != nil {
		return err
	}
	errs := []error{os.WriteFile(node.CharterFile, text, 0o644)}
	for name := range keys {
		errs = append(errs, os.WriteFile(filepath.Join(name, node.CharterFile), text, 0o600))
		for signer, k := range keys {
			consent, err := charter.SignConsent(c, signer, charter.Agree, time.Now().Add(-time.Second), k.Statement)
			errs = append(errs, err, os.WriteFile(filepath.Join(name, node.ConsentDir, signer+".consent.json"), consent, 0o600))
		}
	}
	return errors.Join(errs...)
}

// unusedPort finds an address below those that freeport gives to stories, from
// where this process begins: two stories at once, and a node that is away for a
// while, must not be given the same.
func unusedPort(n int) (string, error) {
	for i := range 1000 {
		l, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(10_000+(os.Getpid()*8+n+i*8)%10_000))
		if err == nil {
			return l.Addr().String(), l.Close()
		}
	}
	return "", errors.New("no free port")
}

func malloryAttack(ctx context.Context, args []string) error {
	f := flag.NewFlagSet("attack", flag.ContinueOnError)
	as, on, other := f.String("as", south, ""), f.String("on", north, ""), f.String("other", observer, "")
	if len(args) == 0 {
		return errors.New("usage: mallory attack NAME")
	}
	if err := f.Parse(args[1:]); err != nil {
		return err
	}
	a, ok := hostile.Find(args[0])
	if !ok {
		return fmt.Errorf("no attack %q", args[0])
	}
	p, err := hostile.Open(*as, nil)
	if err != nil {
		return err
	}
	s, err := hostile.NewStand(p, *on, *other, os.Stdout)
	if err != nil {
		return err
	}
	return s.Play(ctx, a)
}

func every(ctx context.Context, what string, ok func() bool) error {
	t := time.NewTicker(100 * time.Millisecond)
	defer t.Stop()
	for !ok() {
		select {
		case <-t.C:
		case <-ctx.Done():
			return fmt.Errorf("waiting for %s: %w", what, context.Cause(ctx))
		}
	}
	return nil
}

// malloryQuiet waits until the named nodes have said their first statement,
// hold each other's, and have acknowledged them.
func malloryQuiet(ctx context.Context, dirs []string) error {
	for _, dir := range dirs {
		last := ""
		err := every(ctx, dir+" to be quiet", func() bool {
			list, err := node.Connect(dir).Statements(ctx, api.StatementQuery{Limit: 1000})
			if err != nil || !slices.ContainsFunc(list.Items, func(s api.Statement) bool { return s.Party == filepath.Base(dir) }) {
				return false
			}
			for _, other := range dirs {
				if !slices.ContainsFunc(list.Items, func(s api.Statement) bool { return s.Party == filepath.Base(other) }) {
					return false
				}
			}
			for _, s := range list.Items {
				if len(s.Acks) < len(dirs)-1 && s.State != "sealed" { // receipts are for observers alone
					return false
				}
			}
			now := fmt.Sprint(len(list.Items))
			same := now == last
			last = now
			return same
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// malloryDigest prints the digest of what a node believes and has: every open
// statement of any party, what it watches for, alerts and evidence. What
// refusals add (their count, acks, refused leaves) is not in it.
func malloryDigest(ctx context.Context, dirs []string) error {
	for _, dir := range dirs {
		c := node.Connect(dir)
		s, err := c.Status(ctx)
		if err != nil {
			return err
		}
		list, err := c.Statements(ctx, api.StatementQuery{Limit: 5000})
		if err != nil {
			return err
		}
		var lines []string
		for _, x := range list.Items {
			if x.Party == south {
				continue // the liar's own log: its leaves are held, whatever they are
			}
			lines = append(lines, fmt.Sprint(x.Party, x.Index, x.ID, x.State, x.Kind, x.Case))
		}
		slices.Sort(lines)
		w := s.Watch
		lines = append(lines, fmt.Sprint(s.ReadOnly, s.Withdrawn, w.Lists, w.Indicators, w.Alerts, w.HeldBack, w.HeldHits, w.Sent, w.Received, w.Total, s.Evidence))
		for _, p := range s.Partners {
			lines = append(lines, fmt.Sprint(p.Party, p.Disputed, p.Left))
		}
		sum := sha256.Sum256([]byte(strings.Join(lines, "\n")))
		fmt.Println(s.Party, hex.EncodeToString(sum[:]))
	}
	return nil
}

func malloryRecorded(ctx context.Context, args []string) error {
	if len(args) != 3 {
		return errors.New("usage: mallory recorded DIR PARTY CODE")
	}
	dir, party, code := args[0], args[1], args[2]
	text, err := os.ReadFile(filepath.Join(dir, node.CharterFile))
	if err != nil {
		return err
	}
	c, err := charter.Parse(text)
	if err != nil {
		return err
	}
	roster, err := record.NewRoster(c)
	if err != nil {
		return err
	}
	counted := uint64(0)
	return every(ctx, fmt.Sprintf("%s to count and record %s of %s", dir, code, party), func() bool {
		s, err := node.Connect(dir).Status(ctx)
		if err != nil {
			return false
		}
		for _, r := range s.Refusals {
			if r.Party == party && string(r.Code) == code {
				counted = r.Count
			}
		}
		proved := refusalProved(ctx, dir, roster, party, code)
		if counted > 0 && proved {
			fmt.Printf("%s of %s: counted %d, recorded\n", code, party, counted)
			return true
		}
		return false
	})
}

// refusalProved looks for a refusal/v1 statement that counts the refusal, and
// verifies its bundle from the charter alone.
func refusalProved(ctx context.Context, dir string, roster record.Roster, party, code string) bool {
	list, err := node.Connect(dir).Statements(ctx, api.StatementQuery{Party: filepath.Base(dir), Kind: string(record.KindRefusal), Limit: 100})
	if err != nil {
		return false
	}
	for _, s := range list.Items {
		data, err := node.Connect(dir).Bundle(ctx, s.Party, s.Index)
		if err != nil {
			continue
		}
		b, err := record.ParseBundle(data)
		if err != nil {
			continue
		}
		rep, err := record.Verify(roster, b)
		var body record.RefusalBody
		if err != nil || rep.Act == nil || json.Unmarshal(rep.Act.Body, &body) != nil {
			continue
		}
		if slices.ContainsFunc(body.Items, func(i record.RefusalItem) bool { return i.Party == party && string(i.Code) == code && i.Count > 0 }) {
			return true
		}
	}
	return false
}

// malloryBytes changes one byte: CLASS is header, leaf, ciphertext, note,
// root, end, index or hashes.
func malloryBytes(_ context.Context, args []string) error {
	if len(args) != 2 {
		return errors.New("usage: mallory bytes DIR CLASS")
	}
	name, where := "log", map[string]func([]byte) int{
		"header":     func([]byte) int { return 20 },
		"leaf":       func(b []byte) int { return bytes.Index(b, []byte(`{"payload":"`)) + 40 },
		"ciphertext": func(b []byte) int { return bytes.Index(b, []byte("age-encryption.org/v1")) + 2500 },
		"note":       func(b []byte) int { return bytes.Index(b, []byte("\n\n— entente/")) + 60 },
		"root":       func(b []byte) int { return bytes.Index(b, []byte("\n\n— entente/")) - 10 },
		"end":        func(b []byte) int { return bytes.Index(b, []byte("\xe7ends\x01")) + 2 },
		"index":      func([]byte) int { return 4 },
		"hashes":     func([]byte) int { return 7 },
	}[args[1]]
	if where == nil {
		return fmt.Errorf("no class %q", args[1])
	}
	switch args[1] {
	case "index":
		name = "index"
	case "hashes":
		name = "h00"
	}
	path := filepath.Join(args[0], name)
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	at := where(data)
	if at < 0 || at >= len(data) {
		return fmt.Errorf("%s has no such bytes", path)
	}
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteAt([]byte{data[at] ^ 1}, int64(at))
	return errors.Join(err, f.Close())
}
