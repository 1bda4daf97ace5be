package main

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"entente/api"
	"entente/exchange/convert"
	"entente/watch/sigma"
)

func rulesVerb() verb {
	return verb{"rules", "say of every Sigma rule what becomes of it here", `rules [flags] FOLDER...
       entente rules --dir DIR [--all] [--json]

Reads the Sigma rules (.yml, .yaml) in folders or files and prints what becomes of
each document: loaded, refused with the construct and its place, or never
matching here, with the field or log source that is missing. Exits 1 if one is refused.
With --dir it asks the running node about the rules that run there, its own and those of
partners that were accepted, and how often each has fired.

  --placeholder NAME=FILE   the list, one value a line, that %NAME% stands for;
                            may be repeated
  --all                     list the loaded rules too, with their datasets
  --json                    one JSON object for each document, and the counts at the end`, runRules}
}

// ruleFileLimit is the same as a document's times what a bundle may hold; yamldoc has the exact limits.
const ruleFileLimit = 32 << 20

func runRules(ctx context.Context, e *env, args []string) error {
	f := newFlags(e, "rules")
	f.StringVar(&f.dir, "dir", "", "")
	var lists texts
	f.Var(&lists, "placeholder", "")
	all, asJSON := f.Bool("all", false, ""), f.Bool("json", false, "")
	paths, err := f.parse(args)
	if err != nil {
		return err
	}
	if f.dir != "" {
		if len(paths) > 0 {
			return usagef("name rules, or a node with --dir")
		}
		return nodeRules(ctx, e, f, *all, *asJSON)
	}
	if len(paths) == 0 {
		return usagef("name at least one folder of rules, or a node with --dir")
	}
	_, report, err := loadRules(paths, lists)
	if err != nil {
		return err
	}
	if *asJSON {
		err = rulesJSON(e, report)
	} else {
		err = rulesText(e, report, *all)
	}
	if n := report.Count(sigma.Refused); err == nil && n > 0 {
		return fmt.Errorf("%s refused", counted(n, "document is", "documents are"))
	}
	return err
}

// loadRules reads folders and files of rules, and lists in the form NAME=FILE.
func loadRules(paths, lists []string) (*sigma.Set, sigma.Report, error) {
	opt, err := placeholders(lists)
	if err != nil {
		return nil, sigma.Report{}, err
	}
	var files []sigma.File
	for _, path := range paths {
		found, err := ruleFiles(path)
		if err != nil {
			return nil, sigma.Report{}, err
		}
		files = append(files, found...)
	}
	if len(files) == 0 {
		return nil, sigma.Report{}, noRules(paths)
	}
	set, report := sigma.Load(files, opt)
	return set, report, nil
}

func noRules(paths []string) error {
	return hint(fmt.Errorf("no rules in %s", strings.Join(paths, ", ")), "rule files end in .yml or .yaml")
}

// placeholders reads lists in the form NAME=FILE.
func placeholders(lists []string) (sigma.Options, error) {
	opt := sigma.Options{Placeholders: make(map[string][]string)}
	for _, l := range lists {
		name, path, ok := strings.Cut(l, "=")
		if !ok || name == "" {
			return opt, usagef("--placeholder %q: write NAME=FILE", l)
		}
		data, err := readFile(path, 16<<20)
		if err != nil {
			return opt, err
		}
		opt.Placeholders[name] = append(opt.Placeholders[name], sigma.ReadList(data)...)
	}
	return opt, nil
}

func ruleFiles(path string) (files []sigma.File, err error) {
	err = filepath.WalkDir(path, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if ext := strings.ToLower(filepath.Ext(p)); p != path && ext != ".yml" && ext != ".yaml" {
			return nil
		}
		if info, err := os.Stat(p); err != nil || !info.Mode().IsRegular() {
			return err
		}
		data, err := readFile(p, ruleFileLimit)
		files = append(files, sigma.File{Name: filepath.ToSlash(p), Data: data})
		return err
	})
	return files, err
}

// readShared reads a file to share, or makes one of the rules in a folder and says which of them cannot run.
func (e *env) readShared(path string) ([]byte, error) {
	if info, err := os.Stat(path); err != nil || !info.IsDir() {
		return readFile(path, api.MaxShare)
	}
	files, err := ruleFiles(path)
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return readFile(path, api.MaxShare) // which says that it is a folder
	}
	var texts [][]byte
	size := 0
	for _, f := range files {
		texts, size = append(texts, f.Data), size+len(f.Data)
	}
	if size > api.MaxShare {
		return nil, fmt.Errorf("%s: rules of %d bytes, at most %d", path, size, api.MaxShare)
	}
	_, report := sigma.Load(files, sigma.Options{})
	for _, one := range report.Entries {
		if one.Refusal != nil {
			e.note("%s: %s", placeOf(one), because(one))
		}
	}
	return convert.JoinSigma(texts), nil
}

func rulesJSON(e *env, report sigma.Report) error {
	for _, entry := range report.Entries {
		if err := e.json(entry); err != nil {
			return err
		}
	}
	return e.json(map[string]int{"loaded": report.Count(sigma.Loaded), "never": report.Count(sigma.Never), "refused": report.Count(sigma.Refused)})
}

func rulesText(e *env, report sigma.Report, all bool) error {
	w := tabwriter.NewWriter(e.stdout, 0, 0, 2, ' ', 0)
	for _, entry := range report.Entries {
		if entry.Outcome == sigma.Loaded && !all {
			continue
		}
		fmt.Fprintf(w, "%s\t%s\t%s\n", entry.Outcome, placeOf(entry), because(entry))
	}
	for _, o := range []sigma.Outcome{sigma.Loaded, sigma.Never, sigma.Refused} {
		fmt.Fprintf(w, "%s\t%d\n", o, report.Count(o))
	}
	return w.Flush()
}

func placeOf(entry sigma.Entry) string {
	if entry.Line > 1 {
		return fmt.Sprintf("%s:%d", entry.File, entry.Line)
	}
	return entry.File
}

// because says in one line why an entry has its outcome.
func because(entry sigma.Entry) string {
	switch entry.Outcome {
	case sigma.Refused:
		return entry.Refusal.Error()
	case sigma.Loaded:
		return strings.Join(entry.Datasets, " ")
	}
	fields := make(map[string][]string)
	var datasets []string
	for _, m := range entry.Missing {
		if m.Dataset == "" {
			return "no log that is read here is of " + entry.Logsource.String()
		}
		if !slices.Contains(datasets, m.Dataset) {
			datasets = append(datasets, m.Dataset)
		}
		fields[m.Dataset] = append(fields[m.Dataset], m.Field)
	}
	var parts []string
	for _, d := range datasets {
		parts = append(parts, d+" has no "+strings.Join(fields[d], ", "))
	}
	return strings.Join(parts, "; ")
}
