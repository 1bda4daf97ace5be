package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

// findRipgrep returns the path of rg, "" if it is not installed.
func findRipgrep() string {
	path, err := exec.LookPath("rg")
	if err != nil {
		return ""
	}
	return path
}

// Bounds of what the run without --long waits for, and of the memory that ripgrep has been seen to take.
const (
	rgPatience = 20 * time.Second
	rgHeaviest = 12 << 30 // bytes, for a million patterns
)

// ripgrep searches the same file for the same values with rg -F -f on one thread and returns its MB/s; 0 where it
// was not run. Up to 10,000 patterns it reads the whole file. With more it reads the first part, and the time in which it builds its
// automaton is taken off.
func (b *watchBench) ripgrep(ctx context.Context, rg string, n int, exact []int64) (float64, error) {
	switch {
	case rg == "":
		return 0, nil
	case n == watchMost && !b.long && time.Since(b.begin) > rgPatience:
		b.note("rg: not run with a million patterns, which takes half a minute of an idle machine; --long does")
		return 0, nil
	case n == watchMost && freeMemory() < rgHeaviest:
		b.note("rg: not run with a million patterns, which takes 9 GB of memory")
		return 0, nil
	}
	patterns := filepath.Join(b.dir, "patterns")
	var list bytes.Buffer
	for _, v := range b.values[:n] {
		list.WriteString(v.Canonical + "\n")
	}
	if err := os.WriteFile(patterns, list.Bytes(), 0o600); err != nil {
		return 0, err
	}
	var head []byte
	if n > 10_000 {
		var err error
		if head, err = b.head(watchSmall); err != nil {
			return 0, err
		}
	}
	run := ripgrepRun{path: rg, patterns: patterns, file: b.file, input: head}
	if err := run.do(ctx); err != nil {
		return 0, err
	}
	size := b.bytes
	if head != nil {
		size = int64(len(head))
	}
	b.compare(n, run.lines, exact, head)
	return float64(size) / max(run.took, time.Millisecond).Seconds() / 1e6, nil
}

// compare prints how many of the lines that rg found hold an indicator, and how many it missed. It read head, the whole
// file if that is nil.
func (b *watchBench) compare(n int, found, exact []int64, head []byte) {
	last, size := int64(math.MaxInt64), b.bytes
	if head != nil {
		last, size = int64(bytes.Count(head, []byte("\n"))), int64(len(head))
	}
	wrong, missed, right := 0, 0, 0
	for _, line := range found {
		if _, ok := slices.BinarySearch(exact, line); !ok {
			wrong++
		}
	}
	for _, line := range exact {
		if line > last {
			break
		}
		right++
		if _, ok := slices.BinarySearch(found, line); !ok {
			missed++
		}
	}
	b.note("%d indicators: %d lines hit; in the %d MB that rg read %d, rg found %d, of them wrong %d, missed %d", n, len(exact), size/1e6, right, len(found), wrong, missed)
}

// head reads the first whole lines of the file.
func (b *watchBench) head(size int64) ([]byte, error) {
	f, err := os.Open(b.file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, size))
	return data[:bytes.LastIndexByte(data, '\n')+1], err
}

// ripgrepRun is one run. With an input it reads that, and the time until it begins to read is not counted.
type ripgrepRun struct {
	path, patterns, file string
	input                []byte
	lines                []int64 // numbers of the lines found
	took                 time.Duration
}

func (r *ripgrepRun) do(ctx context.Context) error {
	args := []string{"--no-config", "-j1", "-n", "--no-heading", "--no-filename", "--color", "never", "-F", "-f", r.patterns, "-"}
	if r.input == nil {
		args[len(args)-1] = r.file
	}
	cmd := exec.CommandContext(ctx, r.path, args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	build, err := r.feed(cmd)
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) && exit.ExitCode() == 1 {
		err = nil // nothing found
	}
	if err != nil {
		return fmt.Errorf("rg: %w: %s", err, errs.String())
	}
	r.took = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime() - build
	for line := range strings.Lines(out.String()) {
		number, _, _ := strings.Cut(line, ":")
		if n, err := strconv.ParseInt(number, 10, 64); err == nil {
			r.lines = append(r.lines, n)
		}
	}
	return nil
}

// feed runs the program, and returns what it had taken when it began to read its input: it has read something once more has
// been written than a pipe holds.
func (r *ripgrepRun) feed(cmd *exec.Cmd) (build time.Duration, err error) {
	if r.input == nil {
		return 0, cmd.Run()
	}
	pipe, err := cmd.StdinPipe()
	if err != nil {
		return 0, err
	}
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	const more = 1 << 20 // than pipes hold
	first := min(more, len(r.input))
	if _, err = pipe.Write(r.input[:first]); err == nil {
		build = processTime(cmd.Process.Pid)
		_, err = pipe.Write(r.input[first:])
	}
	return build, errors.Join(err, pipe.Close(), cmd.Wait())
}

// processTime is what Linux says that another process has taken; elsewhere nothing is known.
func processTime(pid int) time.Duration {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(data), ") ")
	fields := strings.Fields(rest) // from the third of proc_pid_stat(5)
	if len(fields) < 13 {
		return 0
	}
	user, err1 := strconv.ParseInt(fields[11], 10, 64)
	system, err2 := strconv.ParseInt(fields[12], 10, 64)
	if err1 != nil || err2 != nil {
		return 0
	}
	return time.Duration(user+system) * 10 * time.Millisecond // in ticks of a hundredth of a second
}

// freeMemory is what Linux says is available; elsewhere as much as is asked for.
func freeMemory() int64 {
	data, err := os.ReadFile("/proc/meminfo")
	if err != nil || runtime.GOOS != "linux" {
		return rgHeaviest
	}
	_, rest, _ := strings.Cut(string(data), "MemAvailable:")
	kilobytes, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
	n, err := strconv.ParseInt(kilobytes, 10, 64)
	if err != nil {
		return rgHeaviest
	}
	return n << 10
}
