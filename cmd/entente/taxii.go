package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"entente/api"
	"entente/exchange/stix"
	"entente/exchange/taxii"
	"entente/internal/safedial"
	"entente/internal/taxiihttp"
	"entente/node"
	"entente/statement"
)

func taxiiVerb() verb {
	return verb{"taxii", "poll or push objects from or to a TAXII 2.1 server", `taxii poll URL [flags]
       entente taxii push URL [flags] FILE...

URL is the discovery, an API root or a collection of a server. poll writes what is
there as a STIX bundle; with --state it goes on where it ended. push adds the
objects of bundles, those that their marking lets go to a tool of the own side:
never TLP:RED, and nothing unmarked or that refers to what the files do not hold.
A node polls by itself what config.yaml names under feeds.

  --collection NAME    id, alias or title; default: the only one there is
  --user NAME          with --secret-file: HTTP Basic; without it a bearer token
  --secret-file FILE   the password or token; never sent to another server
  --network CIDR...    networks that are not public and may be connected to, 127.0.0.0/8 too
  --ca FILE            PEM certificates to trust instead of the system's
  --out FILE           poll: the bundle; default: standard output
  --state FILE         poll: where it ended, read and then written
  --marking TLP:…      push: of what is not marked itself
  --dir DIR            push: the running node there decides, by every marking that it
                       knows, and counts in its record what it keeps
  --json               what was done, for programs; on standard error with poll`, runTaxii}
}

// taxiiFlags are what both ways need.
type taxiiFlags struct {
	*flags
	access     node.Access
	networks   words
	collection string
	out, state string
	marking    string
	asJSON     bool
}

func runTaxii(ctx context.Context, e *env, args []string) error {
	if len(args) == 0 {
		return usagef("poll or push?")
	}
	f := taxiiFlags{flags: newFlags(e, "taxii")}
	f.StringVar(&f.collection, "collection", "", "")
	f.StringVar(&f.access.User, "user", "", "")
	f.StringVar(&f.access.SecretFile, "secret-file", "", "")
	f.Var(&f.networks, "network", "")
	f.StringVar(&f.access.CA, "ca", "", "")
	f.StringVar(&f.out, "out", "", "")
	f.StringVar(&f.state, "state", "", "")
	f.StringVar(&f.marking, "marking", "", "")
	f.StringVar(&f.dir, "dir", "", "")
	f.BoolVar(&f.asJSON, "json", false, "")
	what := args[0]
	rest, err := f.parse(args[1:])
	if what == "-h" || what == "-help" || what == "--help" {
		return errHelp
	}
	if err != nil {
		return err
	}
	if len(rest) == 0 || what == "poll" && len(rest) > 1 || what == "push" && len(rest) < 2 {
		return usagef("taxii %s takes %s", what, map[bool]string{true: "one URL", false: "a URL and files"}[what != "push"])
	}
	f.access.URL, f.access.Networks = rest[0], f.networks
	c, err := f.access.Client(e.now)
	if err != nil {
		return hint(err, "--secret-file, --ca and --network tell how the server is reached")
	}
	defer c.HTTP.CloseIdleConnections()
	switch what {
	case "poll":
		return advise(f.poll(ctx, c))
	case "push":
		return advise(f.push(ctx, c, rest[1:]))
	}
	return usagef("no taxii %q: poll or push?", what)
}

// advise says what can be done about a server's answer.
func advise(err error) error {
	var refused *taxiihttp.HTTPError
	switch {
	case errors.Is(err, safedial.ErrAddress):
		return hint(err, "--network names networks that may be connected to all the same")
	case errors.Is(err, taxiihttp.ErrNoCollection):
		return hint(err, "--collection takes an id, an alias or a title")
	case errors.As(err, &refused) && (refused.Status == 401 || refused.Status == 403):
		return hint(err, "--user and --secret-file name the account on that server")
	}
	return err
}

// poll writes a bundle. Its position is stored when the bundle is.
func (f *taxiiFlags) poll(ctx context.Context, c *taxiihttp.Client) (err error) {
	pos, err := f.position()
	if err != nil {
		return err
	}
	at, err := c.Find(ctx, f.collection)
	if err != nil {
		return err
	}
	out := f.e.raw
	if f.out != "" {
		file, err := os.OpenFile(f.out, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, file.Close()) }()
		out = file
	}
	var id [sha256.Size]byte
	_, _ = rand.Read(id[:])
	w, err := stix.NewBundleWriter(out, "bundle--"+taxii.UUID(id, 4))
	if err != nil {
		return err
	}
	bad := 0
	polled, err := c.Poll(ctx, at.URL, pos, taxiihttp.Budget{}, func(objects []json.RawMessage, next taxiihttp.Position) error {
		pos = next
		for _, raw := range objects {
			o, err := stix.ParseObject(raw)
			if err != nil {
				bad++
				fmt.Fprintf(f.e.stderr, "not read: %s: %v\n", taxii.Named(raw).ID, err)
				continue
			}
			if err := w.Add(o); err != nil {
				return err
			}
		}
		return nil
	})
	err = errors.Join(err, w.Close())
	if stored := f.store(pos); stored != nil {
		return errors.Join(err, stored)
	}
	f.say(f.e.stderr, polled, "%s, %s new, %d not read", counted(polled.Requests, "request", "requests"), counted(polled.Objects, "object", "objects"), bad)
	return err
}

// say tells what was done.
func (f *taxiiFlags) say(w io.Writer, v any, format string, a ...any) {
	if f.asJSON {
		_ = json.NewEncoder(w).Encode(v)
		return
	}
	fmt.Fprintf(w, format+"\n", a...)
}

func (f *taxiiFlags) position() (pos taxiihttp.Position, err error) {
	if f.state == "" {
		return pos, nil
	}
	data, err := readFile(f.state, 16<<20)
	if errors.Is(err, fs.ErrNotExist) {
		return pos, nil
	}
	if err == nil {
		err = json.Unmarshal(data, &pos)
	}
	return pos, err
}

func (f *taxiiFlags) store(pos taxiihttp.Position) error {
	if f.state == "" {
		return nil
	}
	data, err := json.Marshal(pos)
	if err != nil {
		return err
	}
	if err := os.WriteFile(f.state+".new", data, 0o600); err != nil {
		return err
	}
	return os.Rename(f.state+".new", f.state)
}

// push sends what may go.
func (f *taxiiFlags) push(ctx context.Context, c *taxiihttp.Client, files []string) error {
	var node *api.Client
	if f.dir != "" {
		var err error
		if node, _, err = f.client(ctx); err != nil {
			return err
		}
	}
	going, kept, err := outgoing(ctx, f.e, node, files, f.marking)
	if err != nil {
		return err
	}
	if len(going) == 0 {
		return hint(errors.New("nothing may be pushed"), "what is unmarked needs --marking")
	}
	at, err := c.Find(ctx, f.collection)
	if err != nil {
		return err
	}
	p, err := c.Push(ctx, at, going)
	for _, d := range p.Failures {
		fmt.Fprintf(f.e.stderr, "not taken: %s: %s\n", d.ID, d.Message)
	}
	f.say(f.e.stdout, p, "%s taken, %d not taken, %d pending, %d kept here", counted(p.Succeeded, "object", "objects"), p.Failed, p.Pending, kept)
	if err == nil && p.Failed > 0 {
		return errShown
	}
	return err
}

// readObjects reads every object of some bundles.
func readObjects(e *env, files []string) (list []stix.Object, bad int, err error) {
	for _, name := range files {
		in, err := os.Open(name)
		if err != nil {
			return nil, 0, err
		}
		_, err = stix.Stream(in, stix.Limits{Bytes: 1 << 30}, func(n int, o stix.Object, refused *statement.Refusal) error {
			if refused != nil {
				bad++
				fmt.Fprintf(e.stderr, "not read: %s, object %d: %v\n", base(name), n, refused)
				return nil
			}
			list = append(list, o)
			return nil
		})
		if err = errors.Join(err, in.Close()); err != nil {
			return nil, 0, fmt.Errorf("%s: %w", name, err)
		}
	}
	return list, bad, nil
}
