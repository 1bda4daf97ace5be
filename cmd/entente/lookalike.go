package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"entente/election/lookalike"
	"entente/exchange/misp"
)

func lookalikeVerb() verb {
	return verb{"lookalike", "find names made to be taken for protected ones", `lookalike --protect DOMAIN|FILE... [--allow FILE]... [--json] FILE...
       entente lookalike --protect DOMAIN|FILE... --names

Reads names, one a line (a list of new domains, of a resolver or of certificates; - is
the standard input), and says which resemble a protected one, how, and how closely:
looks-the-same, other-suffix, one-edit, compound, two-edits, inside. Needs no node and no
network. A name that resembles another is not thereby bad, and nothing here says whose it is.

  --protect DOMAIN|FILE  a domain to guard, or a list of them; may be repeated
  --allow FILE           a list of names that are known to be good: one a line, or a
                         warning list of MISP; may be repeated
  --names                print the names that somebody may register in place of the
                         protected ones, to look at or to register first
  --json                 one JSON object a line`, runLookalike}
}

func runLookalike(ctx context.Context, e *env, args []string) error {
	f := newFlags(e, "lookalike")
	var protect, allow texts
	f.Var(&protect, "protect", "")
	f.Var(&allow, "allow", "")
	names, asJSON := f.Bool("names", false, ""), f.Bool("json", false, "")
	files, err := f.parse(args)
	if err != nil {
		return err
	}
	switch {
	case len(protect) == 0:
		return usagef("which names are protected? --protect DOMAIN or FILE")
	case *names == (len(files) > 0):
		return usagef("which file of names? or --names")
	}
	domains, err := protectedNames(protect)
	if err != nil {
		return err
	}
	if *names {
		for _, d := range domains {
			for _, made := range lookalike.Changes(d) {
				e.printf("%s\n", made)
			}
		}
		return nil
	}
	var allowed []string
	for _, path := range allow {
		list, err := nameList(path)
		if err != nil {
			return err
		}
		allowed = append(allowed, list...)
	}
	x, err := lookalike.New(domains, allowed)
	if err != nil {
		return usagef("--protect: %v", err)
	}
	for _, path := range files {
		if err := lookThrough(ctx, e, x, path, *asJSON); err != nil {
			return err
		}
	}
	return nil
}

// protectedNames are domains, and those in files.
func protectedNames(given []string) (out []string, err error) {
	for _, s := range given {
		if _, err := os.Stat(s); err != nil {
			out = append(out, s)
			continue
		}
		list, err := nameList(s)
		if err != nil {
			return nil, err
		}
		out = append(out, list...)
	}
	return out, nil
}

// nameList reads names one a line, or a warning list of MISP.
func nameList(path string) ([]string, error) {
	data, err := readFile(path, convertLimit)
	if err != nil {
		return nil, err
	}
	if strings.HasPrefix(strings.TrimSpace(string(data)), "{") {
		w, err := misp.ReadWarningList(data)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		return w.Values, nil
	}
	var out []string
	for line := range strings.Lines(string(data)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			out = append(out, line)
		}
	}
	return out, nil
}

// longest line of names that is read; a longer one is counted and left out.
const nameLine = 1 << 12

func lookThrough(ctx context.Context, e *env, x *lookalike.Index, path string, asJSON bool) error {
	in := e.stdin
	if path != "-" {
		file, err := os.Open(path)
		if err != nil {
			return fmt.Errorf("%s: %w", path, unwrapPath(err))
		}
		defer file.Close()
		in = file
	}
	r := bufio.NewReaderSize(in, nameLine)
	var s lookalike.Scratch
	read, found, long := 0, 0, 0
	for skip := false; ; {
		line, err := r.ReadSlice('\n')
		if err == bufio.ErrBufferFull {
			skip = true
			continue
		}
		if name := strings.TrimSpace(string(line)); skip {
			long++
		} else if name != "" && !strings.HasPrefix(name, "#") {
			read++
			n, err := resembling(e, x.MatchWith(&s, name), asJSON)
			if err != nil {
				return err
			}
			found += n
		}
		skip = false
		if err == io.EOF {
			break
		}
		if err != nil {
			return fmt.Errorf("%s: %w", path, unwrapPath(err))
		}
		if read%100_000 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
	}
	e.note("%s: %s read, %d resemble a protected one, %d too long", base(path), counted(read, "name", "names"), found, long)
	return nil
}

// resembling prints what one name resembles; 1 where it resembles any.
func resembling(e *env, list []lookalike.Finding, asJSON bool) (int, error) {
	for _, f := range list {
		if asJSON {
			if err := json.NewEncoder(e.stdout).Encode(f); err != nil {
				return 0, err
			}
			continue
		}
		e.printf("%-14s  %-32s  %s\n", f.Kind, f.Name, f.Protected)
	}
	return min(len(list), 1), nil
}
