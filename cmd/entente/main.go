// Command entente runs one party's node and does everything around it: keys, charter, sharing, proofs, sticks, drills.
//
// Each verb stands in a file of its own. Errors come as "error: …" on stderr
// and, where there is something to do, "hint: …". Exit codes: 0 done, 1
// failed, 2 wrong use. What people read passes visible, so that no partner's
// text reaches the terminal as anything but text.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/mattn/go-isatty"
)

// env is the world around a verb.
type env struct {
	stdin    io.Reader
	stdout   io.Writer // what people and programs read; control characters are made visible
	stderr   io.Writer
	raw      io.Writer // stdout as it is, for files
	terminal bool      // stderr is one: progress may be shown
	getenv   func(string) string
	now      func() time.Time
	dir      string // data folder of the verb, once it is known
}

// verb is one command. run returns nil, a usageError, errShown after it has
// said itself what failed, or any other error.
type verb struct {
	name, summary string
	usage         string // everything after "entente ", with flags
	run           func(ctx context.Context, e *env, args []string) error
}

// verbs lists every command in the order of the help text.
func verbs() []verb {
	views := viewVerbs()
	return []verb{
		initVerb(), charterVerb(), officerVerb(), serveVerb(), exerciseVerb(),
		statusVerb(), linkVerb(), userVerb(), accountVerb(),
		shareVerb(), leakVerb(), incidentsVerb(), alertsVerb(), huntVerb(), searchVerb(), acceptVerb(), defendVerb(), releaseVerb(),
		groupVerb(), receiptsVerb(), objectsVerb(), retractVerb(),
		exposureVerb(), giverVerb(),
		proposeVerb(), amendVerb(), positionVerb(), noticeVerb(), tellVerb(), assessVerb(), exhibitVerb(), preserveVerb(), draftVerb(), signVerb(),
		views[0], views[1], views[2], views[3], views[4], views[5],
		statementsVerb(), sealVerb(), openVerb(), eraseVerb(), rotateVerb(), withdrawVerb(), overrideVerb(),
		verifyVerb(), exportVerb(), carryVerb(), taxiiVerb(), mispVerb(),
		backupVerb(), restoreVerb(), rebuildVerb(), drillVerb(),
		watchVerb(), rulesVerb(), auditVerb(), lookalikeVerb(), inventoryVerb(), resultsVerb(), rollVerb(), folderVerb(), campaignVerb(), pressVerb(), matchVerb(), benchVerb(), versionVerb(),
	}
}

// exerciseVerb and benchVerb say themselves how they are used.
func exerciseVerb() verb {
	return verb{"exercise", "play a whole unit on this machine", strings.TrimPrefix(exerciseUsage, "Usage: entente "), func(ctx context.Context, e *env, args []string) error { return runExercise(ctx, *e, args) }}
}

func benchVerb() verb {
	return verb{"bench", "measure this machine and the product in one run", strings.TrimPrefix(benchUsage, "Usage: entente "), func(ctx context.Context, e *env, args []string) error { return runBench(ctx, *e, args) }}
}

func main() { os.Exit(realMain()) }

func realMain() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return run(ctx, &env{
		stdin: os.Stdin, stdout: visible{os.Stdout}, stderr: visible{os.Stderr}, raw: os.Stdout,
		terminal: isatty.IsTerminal(os.Stderr.Fd()), getenv: os.Getenv, now: time.Now,
	}, os.Args[1:])
}

// run does one command and returns the exit code.
func run(ctx context.Context, e *env, args []string) int {
	if len(args) == 0 {
		fmt.Fprint(e.stderr, overview())
		return 2
	}
	name, rest := args[0], args[1:]
	switch name {
	case "help", "-h", "-help", "--help":
		return help(e, rest)
	case "-version", "--version":
		name = "version"
	}
	v, ok := find(name)
	if !ok {
		return fail(e, verb{}, usagef("no verb %q", name))
	}
	err := v.run(ctx, e, rest)
	if errors.Is(err, errHelp) {
		fmt.Fprintf(e.stdout, "usage: entente %s\n", v.usage)
		return 0
	}
	return fail(e, v, err)
}

func find(name string) (verb, bool) {
	for _, v := range verbs() {
		if v.name == name {
			return v, true
		}
	}
	return verb{}, false
}

func help(e *env, args []string) int {
	if len(args) == 0 {
		fmt.Fprint(e.stdout, overview())
		return 0
	}
	v, ok := find(args[0])
	if !ok {
		return fail(e, verb{}, usagef("no verb %q", args[0]))
	}
	fmt.Fprintf(e.stdout, "usage: entente %s\n", v.usage)
	return 0
}

func overview() string {
	var b strings.Builder
	b.WriteString("entente: two organisations that do not trust each other run one security unit\n\nusage: entente VERB [flags]\n\n")
	for _, v := range verbs() {
		fmt.Fprintf(&b, "  %-11s %s\n", v.name, v.summary)
	}
	b.WriteString("\nentente VERB -h prints the flags of a verb. ENTENTE_DIR is the data folder where --dir is not given.\n")
	return b.String()
}
