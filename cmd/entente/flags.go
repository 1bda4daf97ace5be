package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"entente/api"
	"entente/internal/keyfile"
	"entente/node"
)

// flags reads the arguments of one verb. Flags may stand before and after the
// other arguments.
type flags struct {
	*flag.FlagSet
	e    *env
	dir  string
	pass string
}

func newFlags(e *env, name string) *flags {
	f := &flags{FlagSet: flag.NewFlagSet(name, flag.ContinueOnError), e: e}
	f.SetOutput(io.Discard)
	return f
}

// withDir adds --dir, the data folder.
func (f *flags) withDir() *flags {
	missing := f.e.getenv("ENTENTE_DIR")
	if missing == "" {
		missing = "."
	}
	f.StringVar(&f.dir, "dir", missing, "")
	return f
}

// withKeys adds --dir and --passphrase-file.
func (f *flags) withKeys() *flags {
	f.StringVar(&f.pass, "passphrase-file", f.e.getenv("ENTENTE_PASSPHRASE_FILE"), "")
	return f.withDir()
}

// plainer puts what package flag says into the words of the help texts.
var plainer = strings.NewReplacer("flag provided but not defined: -", "no flag --", " for flag -", " for flag --", "flag needs an argument: -", "a value is missing after --")

// parse returns the arguments that are no flags.
func (f *flags) parse(args []string) ([]string, error) {
	var rest []string
	for {
		err := f.Parse(args)
		if errors.Is(err, flag.ErrHelp) {
			return nil, errHelp
		}
		if err != nil {
			return nil, usageError{plainer.Replace(err.Error())}
		}
		left := f.Args()
		if len(left) == 0 {
			f.e.dir = f.dir
			return rest, nil
		}
		if used := len(args) - len(left); used > 0 && args[used-1] == "--" {
			f.e.dir = f.dir
			return append(rest, left...), nil
		}
		rest, args = append(rest, left[0]), left[1:]
	}
}

// none parses and demands that nothing but flags is there.
func (f *flags) none(args []string) error {
	rest, err := f.parse(args)
	if err == nil && len(rest) > 0 {
		return usagef("what is %q?", rest[0])
	}
	return err
}

// isSet reports whether a flag was given.
func (f *flags) isSet(name string) bool {
	set := false
	f.Visit(func(x *flag.Flag) { set = set || x.Name == name })
	return set
}

// passphrase reads the passphrase file, if there is one; a final line end is
// not part of it.
func (f *flags) passphrase() ([]byte, error) {
	if f.pass == "" {
		return nil, nil
	}
	b, err := os.ReadFile(f.pass)
	if err != nil {
		return nil, fmt.Errorf("passphrase: %w", err)
	}
	return []byte(strings.TrimRight(string(b), "\r\n")), nil
}

// folder says that there is no data folder, or that a folder is none.
func (f *flags) folder() error {
	if exists(filepath.Join(f.dir, keyfile.FileName)) {
		return nil
	}
	err := fmt.Errorf("no data folder %s", f.dir)
	if exists(f.dir) {
		err = fmt.Errorf("%s is no data folder: it holds no %s", f.dir, keyfile.FileName)
	}
	return hint(err, "name it with --dir or ENTENTE_DIR; entente init makes a new one")
}

// config reads the folder's configuration and the passphrase.
func (f *flags) config() (node.Config, node.Options, error) {
	if err := f.folder(); err != nil {
		return node.Config{}, node.Options{}, err
	}
	cfg, err := node.ReadConfig(f.dir)
	if err != nil {
		first, _, _ := strings.Cut(err.Error(), "\n") // the rest draws the place, which the first line names
		return cfg, node.Options{}, hint(silent{first, err}, "the fields are listed in docs/operate.md; every one may be missing")
	}
	pass, err := f.passphrase()
	return cfg, node.Options{Passphrase: pass, Stdin: f.e.stdin}, err
}

// client returns a client of the node that runs in the folder, after it has
// answered once.
func (f *flags) client(ctx context.Context) (*api.Client, api.Status, error) {
	if err := f.folder(); err != nil {
		return nil, api.Status{}, err
	}
	c := node.Connect(f.dir)
	s, err := c.Status(ctx)
	if errors.Is(err, api.ErrNoNode) {
		err = hint(silent{fmt.Sprintf("no node runs in %s", f.dir), err}, "start it with: entente serve --dir %s", f.dir)
	}
	return c, s, err
}

// fromNode asks the running node one thing. (*api.Client).Accept is such a question.
func fromNode[Q, A any](ctx context.Context, f *flags, ask func(*api.Client, context.Context, Q) (A, error), q Q) (a A, err error) {
	c, _, err := f.client(ctx)
	if err != nil {
		return a, err
	}
	defer c.Close()
	return ask(c, ctx, q)
}

// inFolder reads from the data folder itself.
func inFolder[T any](f *flags, read func(*node.Folder) (T, error)) (out T, err error) {
	cfg, opt, err := f.config()
	if err != nil {
		return out, err
	}
	folder, err := node.OpenFolder(cfg, opt.Passphrase)
	if err != nil {
		return out, err
	}
	out, err = read(folder)
	return out, errors.Join(err, folder.Close())
}

// nodeOrFolder asks the node that runs, else the folder.
func nodeOrFolder[T any](ctx context.Context, f *flags, ask func(*api.Client) (T, error), read func(*node.Folder) (T, error)) (out T, err error) {
	c, _, err := f.client(ctx)
	if errors.Is(err, api.ErrNoNode) {
		return inFolder(f, read)
	}
	if err != nil {
		return out, err
	}
	return ask(c)
}

// words collects a flag that may be repeated or hold a list with commas.
type words []string

func (w *words) String() string { return strings.Join(*w, ",") }

func (w *words) Set(s string) error {
	for one := range strings.SplitSeq(s, ",") {
		if one = strings.TrimSpace(one); one != "" {
			*w = append(*w, one)
		}
	}
	return nil
}

// texts collects a flag that may be repeated.
type texts []string

func (t *texts) String() string { return strings.Join(*t, "; ") }

func (t *texts) Set(s string) error {
	*t = append(*t, s)
	return nil
}

// parseRef reads "PARTY/INDEX" or "INDEX"; an empty party means the own one.
func parseRef(s string) (party string, index uint64, err error) {
	party, number, ok := strings.Cut(s, "/")
	if !ok {
		party, number = "", s
	}
	if index, err = strconv.ParseUint(number, 10, 63); err != nil {
		return "", 0, usagef("%q is no statement; want N or PARTY/N", s)
	}
	return party, index, nil
}

func base(path string) string { return filepath.Base(filepath.Clean(path)) }

// when writes a time for people.
func when(ms int64) string {
	if ms <= 0 {
		return "-"
	}
	return time.UnixMilli(ms).UTC().Format("2006-01-02 15:04:05Z")
}

// minute is when without its seconds, for tables.
func minute(ms int64) string {
	if ms <= 0 {
		return "-"
	}
	return time.UnixMilli(ms).UTC().Format("2006-01-02 15:04Z")
}

// change reads the arguments of a verb that adds, lists or removes things of one
// kind: which of the three, and the name of the thing, empty for list.
func (f *flags) change(args []string) (what, name string, err error) {
	if len(args) == 0 {
		return "", "", usagef("add, list or remove?")
	}
	what = args[0]
	if what == "-h" || what == "-help" || what == "--help" {
		return "", "", errHelp
	}
	names, err := f.parse(args[1:])
	if err != nil {
		return "", "", err
	}
	switch {
	case what == "list" && len(names) == 0:
		return what, "", nil
	case what == "list":
		return "", "", usagef("%s list takes no name", f.Name())
	case what != "add" && what != "remove":
		return "", "", usagef("no %s %q: add, list or remove?", f.Name(), what)
	case len(names) != 1:
		return "", "", usagef("%s %s takes one name", f.Name(), what)
	}
	return what, names[0], nil
}
