package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"entente/api"
	"entente/exchange/defend"
)

func defendVerb() verb {
	return verb{"defend", "write accepted indicators for Suricata, Zeek, name servers and others", `defend --dir DIR --format FORMAT --out FOLDER [--clearance LABEL] [--zone NAME] [--json]

Writes what may be acted on: indicators that the gate or an officer lets alert,
that have not ended, and whose marking the tool may hold. FORMAT is one of
  plain      lists of values, one file for each kind
  rpz        a response policy zone for BIND, Knot, PowerDNS or Unbound
  sigma      Sigma rules
  stix       indicators of STIX 2.1 in one bundle
  suricata   rules that alert, with datasets and lists of hashes (Suricata 7)
  zeek       a file for Intel::read_files
Beside them stands manifest.csv: until when, under which marking, by whom. Run
it again before the time that it prints: most tools let nothing end by itself.

  --clearance LABEL  the strictest TLP label that the tool may hold; default:
                     TLP:GREEN. TLP:RED goes to no tool
  --zone NAME        of rpz; default: rpz.local
  --json             one JSON object without the files' content`, runDefend}
}

func runDefend(ctx context.Context, e *env, args []string) error {
	f := newFlags(e, "defend").withDir()
	var r api.DefendRequest
	f.StringVar(&r.Format, "format", "", "")
	f.StringVar(&r.Clearance, "clearance", "TLP:GREEN", "")
	f.StringVar(&r.Zone, "zone", "", "")
	out, asJSON := f.String("out", "", ""), f.Bool("json", false, "")
	if err := f.none(args); err != nil {
		return err
	}
	if !slices.Contains(defend.Formats(), r.Format) {
		return usagef("--format is one of %s", strings.Join(defend.Formats(), ", "))
	}
	if *out == "" {
		return usagef("--out FOLDER: where to?")
	}
	result, err := fromNode(ctx, f, (*api.Client).Defend, r)
	if err != nil {
		return err
	}
	if err := replaceFiles(*out, result.Files); err != nil {
		return err
	}
	if *asJSON {
		for i := range result.Files {
			result.Files[i].Data = nil
		}
		return e.json(result)
	}
	e.printf("%s in %s\n", counted(result.Written, "indicator", "indicators"), *out)
	words := map[string]string{
		defend.LeftType: "of kinds that the format has not", defend.LeftExpired: "ended", defend.LeftTwice: "told twice",
	}
	for _, why := range slices.Sorted(maps.Keys(result.Left)) {
		e.printf("left out  %d %s\n", result.Left[why], words[why])
	}
	if result.Written == 0 {
		e.note("nothing alerts here that a tool up to %s may hold; --clearance says what yours may", r.Clearance)
	}
	if result.Expires != 0 {
		e.printf("run again before %s, when the first of them ends\n", when(result.Expires))
	}
	return nil
}

// replaceFiles puts each file in its place at once, in their order, so that no tool reads half a file.
func replaceFiles(folder string, files []api.DefendFile) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return fmt.Errorf("folder for the files: %w", err)
	}
	for _, one := range files {
		if one.Name != filepath.Base(one.Name) || strings.HasPrefix(one.Name, ".") {
			return fmt.Errorf("the node names a file %q", one.Name)
		}
		path := filepath.Join(folder, one.Name)
		if err := os.WriteFile(path+".new", one.Data, 0o644); err != nil {
			return fmt.Errorf("write: %w", err)
		}
		if err := os.Rename(path+".new", path); err != nil {
			return fmt.Errorf("write: %w", err)
		}
	}
	return nil
}
