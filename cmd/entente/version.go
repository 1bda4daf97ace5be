package main

import (
	"context"
	"runtime"
	"runtime/debug"

	"entente/node"
)

func versionVerb() verb {
	return verb{"version", "print the version", `version [--json]`, runVersion}
}

func runVersion(_ context.Context, e *env, args []string) error {
	f := newFlags(e, "version")
	asJSON := f.Bool("json", false, "")
	if err := f.none(args); err != nil {
		return err
	}
	v := map[string]string{"version": node.Version, "go": runtime.Version(), "system": runtime.GOOS + "/" + runtime.GOARCH}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				v["revision"] = s.Value
			}
		}
	}
	if *asJSON {
		return e.json(v)
	}
	e.printf("entente %s %s %s\n", v["version"], v["system"], v["go"])
	return nil
}
