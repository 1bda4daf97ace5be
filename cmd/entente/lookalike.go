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
	return verb{"lookalike", "find names made to be taken for protected ones", `lookalike --protect DOMAIN|FILE... [--allow FILE]... [--logs | --mail] [--json] FILE...
       entente lookalike --protect DOMAIN|FILE... --ct URL|DIR --log-key FILE [--from N] [--count N] [--evidence FILE]
       entente lookalike --verify EVIDENCE --log-key FILE
       entente lookalike --protect DOMAIN|FILE... --names

Reads names, one a line (a list of new domains, of a resolver or of certificates; - is
the standard input), and says which resemble a protected one, how, and how closely:
looks-the-same, other-suffix, one-edit, compound, two-edits, inside. Needs no node and, but
for --ct URL, no network. A name that resembles another is not thereby bad, and nothing here says whose it is.

  --protect DOMAIN|FILE  a domain to guard, or a list of them; may be repeated
  --allow FILE           a list of names that are known to be good: one a line, or a
                         warning list of MISP; may be repeated
  --logs                 FILEs are logs of name servers, web and mail servers or sensors: each
                         name, address of a page and sender in them is looked at
  --mail                 FILEs are mails (.eml, mbox) or folders of them: From, Sender,
                         Reply-To and Return-Path are looked at
  --sender NAME=DOMAIN[,DOMAIN...]   with --mail: a vendor or office, for mail under its name
                         from a free-mail provider too; may be repeated, and protects its domains
  --ct URL|DIR           a log of Certificate Transparency, with static tiles or as RFC 6962
                         has it: the names in its newest certificates are looked at
  --log-key FILE         the log's public key, PEM or base64; without it nothing is believed
  --from N, --count N    which entries; default: the newest 10,000
  --network CIDR         a network that is not public and may be connected to; may be repeated
  --evidence FILE        write for each finding the proof that the log holds it: when it was
                         first seen, provable to anybody
  --verify EVIDENCE      check such a file, offline
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
	logs, mails := f.Bool("logs", false, ""), f.Bool("mail", false, "")
	var senders texts
	f.Var(&senders, "sender", "")
	var c certFlags
	c.register(f)
	files, err := f.parse(args)
	if err != nil {
		return err
	}
	switch {
	case c.verify != "" && len(files)+len(protect) == 0:
		return verifyCertificates(e, c.verify, c.key, *asJSON)
	case len(senders) > 0 && !*mails:
		return usagef("--sender is for --mail")
	case len(protect)+len(senders) == 0:
		return usagef("which names are protected? --protect DOMAIN or FILE")
	case c.verify != "" || count(*names, len(files) > 0, c.from != "") != 1 || *logs && *mails:
		return usagef("which file of names, logs or mails? or --ct, or --names")
	}
	domains, err := protectedNames(protect)
	if err != nil {
		return err
	}
	shown, err := protectedSenders(senders)
	if err != nil {
		return err
	}
	for _, s := range shown.List {
		domains = append(domains, s.Domains...)
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
	switch {
	case c.from != "":
		return lookThroughLog(ctx, e, x, &c, *asJSON)
	case *logs:
		return lookThroughLogs(ctx, e, x, files, *asJSON)
	case *mails:
		return lookThroughMails(ctx, e, x, shown, files, *asJSON)
	}
	for _, path := range files {
		if err := lookThrough(ctx, e, x, path, *asJSON); err != nil {
			return err
		}
	}
	return nil
}

// count is how many are true.
func count(list ...bool) (n int) {
	for _, b := range list {
		if b {
			n++
		}
	}
	return n
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
