package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"time"
)

const benchUsage = `Usage: entente bench AREA [--json] [--long] [--input FILE] [--rules DIR]

Measures this machine's own limits and the product in the same run, without
network. AREA is: record, watch, exchange, match, accord or election; watch reads FILE in place of the lines that it
makes, judges by the Sigma rules in DIR in place of those that it makes, and compares
with rg where that is installed. Prints name, value, unit, the limit measured beside
it, and ratio = speed / limit speed, so bigger is better.
`

// figure is one line of a benchmark. Limit and Ratio are nil where there is none.
type figure struct {
	Name  string   `json:"name"`
	Value float64  `json:"value"`
	Unit  string   `json:"unit"`
	Limit *float64 `json:"limit"`
	Ratio *float64 `json:"ratio"`
}

// speed makes a figure of a rate beside its limit.
func speed(name, unit string, value, limit float64) figure {
	f := figure{Name: name, Value: round(value), Unit: unit}
	if limit > 0 {
		l, r := round(limit), round(value/limit)
		f.Limit, f.Ratio = &l, &r
	}
	return f
}

func round(x float64) float64 {
	if x == 0 || math.IsInf(x, 0) || math.IsNaN(x) {
		return 0
	}
	p := math.Pow(10, 3-math.Ceil(math.Log10(math.Abs(x))))
	return math.Round(x*p) / p
}

// median of some samples; it reorders them.
func median(x []float64) float64 {
	if len(x) == 0 {
		return 0
	}
	slices.Sort(x)
	return x[len(x)/2]
}

// budget is how long a round of a measurement takes.
func budget(long bool) time.Duration {
	if long {
		return 3 * time.Second
	}
	return 300 * time.Millisecond
}

// runBench is the verb.
func runBench(ctx context.Context, e env, args []string) error {
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	asJSON, long, input := f.Bool("json", false, ""), f.Bool("long", false, ""), f.String("input", "", "")
	rules := f.String("rules", "", "")
	if len(args) > 0 && args[0] == benchSideVerb { // one process of a match of two
		return benchMatchSide(ctx, e, args[1:])
	}
	var area string
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		area, args = args[0], args[1:]
	}
	if err := f.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return errHelp
		}
		return usageError{err.Error()}
	}
	if f.NArg() > 0 {
		return usageError{"bench takes one area"}
	}
	out := func(one figure) {
		if *asJSON {
			_ = json.NewEncoder(e.stdout).Encode(one)
			return
		}
		line := fmt.Sprintf("%-24s %12g %-12s", one.Name, one.Value, one.Unit)
		if one.Ratio != nil {
			line += fmt.Sprintf(" limit %12g  ratio %.2f", *one.Limit, *one.Ratio)
		}
		fmt.Fprintln(e.stdout, line)
	}
	switch area {
	case "record":
		return benchRecord(ctx, budget(*long), out)
	case "watch":
		if err := benchWatch(ctx, *long, *input, e.note, out); err != nil {
			return err
		}
		return benchSigma(ctx, budget(*long), *rules, out)
	case "exchange":
		return benchExchange(ctx, budget(*long), out)
	case "match":
		return benchMatch(ctx, e, *long, out)
	case "accord":
		return benchAccord(ctx, out)
	case "election":
		return benchElection(budget(*long), out)
	default:
		return usageError{"bench needs an area: record, watch, exchange, match, accord or election"}
	}
}
